// Asks where a link leads, and for an image.
import { makePicker } from './picker.js'

export function askForLink(editor, box) {
  const range = editor.getSelection().cloneRange()
  const link = linkAt(range, editor.getRoot())
  const dialog = dialogOf(box, 'link')
  const url = dialog.querySelector('[name="url"]')
  const picker = url.closest('[data-picker]')
  url.value = link?.getAttribute('href') ?? ''
  dialog.querySelector('[value="remove"]').hidden = link === null
  makePicker(picker)
  show(dialog, (answer) => {
    editor.focus()
    editor.setSelection(range)
    if (answer === 'remove') editor.removeLink()
    if (answer !== 'ok' || !isAddress(url.value.trim())) return
    const href = url.value.trim()
    if (!range.collapsed || link) {
      if (link && range.collapsed) range.selectNodeContents(link)
      editor.setSelection(range)
      editor.makeLink(href)
      return
    }
    const anchor = document.createElement('a')
    anchor.href = href
    anchor.textContent = picker.dataset.chosenTitle ?? href
    editor.insertHTML(anchor.outerHTML)
  })
}

export function askForImage(editor, box) {
  const range = editor.getSelection().cloneRange()
  const dialog = dialogOf(box, 'image')
  const [src, alt, search] = ['src', 'alt', 'q'].map((name) => dialog.querySelector(`[name="${name}"]`))
  const list = dialog.querySelector('[data-images]')
  let size = {}
  const choose = (item) => {
    src.value = item.url
    alt.value = item.alt ?? ''
    size = item.width && item.height ? { width: item.width, height: item.height } : {}
    alt.focus()
  }
  const find = async () => {
    const answer = await fetch(`/-/images?q=${encodeURIComponent(search.value)}`, {
      headers: { accept: 'application/json' },
    })
    const { items, searches } = answer.ok ? await answer.json() : { items: [], searches: false }
    list.replaceChildren(...items.map((item) => imageOf(item, choose)))
    list.hidden = items.length === 0
    search.closest('.field').hidden = !searches
  }
  let timer
  search.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(find, 200)
  })
  src.addEventListener('input', () => {
    size = {}
  })
  find().catch(() => {})
  show(dialog, (answer) => {
    editor.focus()
    editor.setSelection(range)
    const url = src.value.trim()
    if (answer === 'ok' && isAddress(url)) editor.insertImage(url, { alt: alt.value.trim(), ...size })
  })
}

function imageOf(item, choose) {
  const button = document.createElement('button')
  const image = document.createElement('img')
  button.type = 'button'
  image.src = item.thumbnail ?? item.url
  image.alt = ''
  image.loading = 'lazy'
  button.append(image, item.title)
  button.addEventListener('click', () => choose(item))
  const entry = document.createElement('li')
  entry.append(button)
  return entry
}

function linkAt(range, root) {
  const node = range.startContainer
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement
  const link = element?.closest('a') ?? null
  return link && root.contains(link) ? link : null
}

function isAddress(text) {
  return /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(text)
}

// outside the page's form, whose inputs a dialog must not add to
function dialogOf(box, name) {
  const template = box.querySelector('template').content.querySelector(`[data-dialog="${name}"]`)
  const dialog = template.cloneNode(true)
  document.body.append(dialog)
  return dialog
}

function show(dialog, done) {
  dialog.addEventListener('close', () => {
    dialog.remove()
    done(dialog.returnValue)
  })
  for (const button of dialog.querySelectorAll('[data-close]')) {
    button.addEventListener('click', () => dialog.close(button.value))
  }
  dialog.showModal()
}
