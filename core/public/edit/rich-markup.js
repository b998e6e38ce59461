// What goes into the editor and what comes out of it.

// Squire knows these only as plain text or by other names; they pass through it in disguise
const DISGUISED = ['MARK', 'INS']
const NAMES = { B: 'strong', I: 'em', H1: 'h2' }

// HTML of any origin as a harmless fragment; the server cleans what is saved by rules of its own
export function toFragment(purify, html) {
  const fragment = purify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    FORBID_TAGS: ['style', 'form', 'input', 'button', 'select', 'textarea', 'svg', 'math', 'video', 'audio'],
    FORBID_ATTR: ['style', 'class', 'id', 'name'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  })
  for (const element of fragment.querySelectorAll('mark, ins')) {
    const disguise = rename(element, 'span')
    disguise.className = `rich-${element.localName}`
  }
  for (const element of fragment.querySelectorAll('h1')) rename(element, 'h2')
  // a pasted image that stands in the text itself is not stored: what is seen here is what is saved
  for (const image of fragment.querySelectorAll('img:not([src]), img[src^="data:" i], img[src^="blob:" i]'))
    image.remove()
  return fragment
}

// the editor's HTML as it is stored
export function cleanCopy(html) {
  const { body } = new DOMParser().parseFromString(html, 'text/html')
  for (const name of DISGUISED) {
    for (const element of body.querySelectorAll(`span.rich-${name.toLowerCase()}`)) rename(element, name)
  }
  for (const element of body.querySelectorAll('b, i')) rename(element, NAMES[element.tagName])
  for (const element of body.querySelectorAll('*')) {
    for (const attribute of ['class', 'style', 'contenteditable', 'id']) element.removeAttribute(attribute)
  }
  // a line break at the end of a paragraph holds its place in the editor only
  for (const element of body.querySelectorAll('br:last-child')) {
    const { parentElement } = element
    if (parentElement.lastChild.textContent === '' && parentElement.textContent.trim() !== '')
      element.remove()
  }
  // a space that was typed before something bold is a plain one, though browsers write it otherwise
  const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { currentNode: text } = texts
    if (text.nextSibling !== null) text.data = text.data.replace(/(?<=\S)\u00A0$/, ' ')
  }
  for (const last of [...body.children].reverse()) {
    if (!isBlank(last)) break
    last.remove()
  }
  if ([...body.children].every(isBlank) && body.textContent.trim() === '') return ''
  return body.innerHTML.replaceAll('\u200B', '')
}

function isBlank(element) {
  return (
    /^(P|DIV)$/.test(element.tagName) &&
    element.textContent.trim() === '' &&
    !element.querySelector('img, hr, table')
  )
}

// elements with their attributes and the text, in order, without what makes no difference: two texts that have the same
// shape lose nothing against each other
export function shapeOf(purify, html) {
  const { body } = new DOMParser().parseFromString(purify.sanitize(html), 'text/html')
  const parts = []
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) parts.push(node.data.replaceAll(/[\s\u200B]+/g, ''))
    if (node.nodeType === Node.ELEMENT_NODE && !/^(BODY|DIV|BR|SPAN)$/.test(node.tagName) && !isBlank(node)) {
      const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value}`).sort()
      parts.push(`<${NAMES[node.tagName] ?? node.localName} ${attributes.join(' ')}>`)
    }
    // a language or a tip for a part of a text is more than a frame
    if (/^(DIV|SPAN)$/.test(node.tagName) && node.attributes.length > 0) {
      parts.push([...node.attributes].map(({ name, value }) => `${name}=${value}`).join(' '))
    }
    for (const child of node.childNodes) walk(child)
  }
  walk(body)
  return parts.join('')
}

function rename(element, name) {
  const renamed = element.ownerDocument.createElement(name)
  for (const { name, value } of element.attributes) renamed.setAttribute(name, value)
  renamed.append(...element.childNodes)
  element.replaceWith(renamed)
  return renamed
}
