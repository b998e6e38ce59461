// Formatted text over a textarea of HTML, with Squire. What Squire would change stays in the textarea.
import DOMPurify from '../../lib/purify.mjs'
import Squire from '../../lib/squire.mjs'
import { askForImage, askForLink } from './rich-dialogs.js'
import { cleanCopy, shapeOf, toFragment } from './rich-markup.js'
import { makeToolbar } from './rich-toolbar.js'

const WAIT = 250

export function makeRichText(box) {
  if ('ready' in box.dataset) return
  box.dataset.ready = ''
  const textarea = box.querySelector('textarea')
  const { form } = textarea
  const label = document.querySelector(`label[for="${CSS.escape(textarea.id)}"]`)
  const tools = box.querySelector('template').content.cloneNode(true)
  const toolbar = tools.querySelector('[role="toolbar"]')
  const note = tools.querySelector('[data-kept]')
  const root = document.createElement('div')
  root.className = 'rich-text prose'
  root.style.setProperty('--rows', textarea.rows)
  root.setAttribute('role', 'textbox')
  root.setAttribute('aria-multiline', 'true')
  root.setAttribute('aria-label', label?.textContent.trim() ?? textarea.name)
  for (const name of ['aria-describedby', 'aria-invalid', 'lang', 'spellcheck']) {
    const value = textarea.getAttribute(name)
    if (value !== null) root.setAttribute(name, value)
  }
  if (textarea.required) root.setAttribute('aria-required', 'true')
  box.append(toolbar, note, root)
  toolbar.after(note)

  const editor = new Squire(root, {
    blockTag: 'P',
    addLinks: false,
    sanitizeToDOMFragment: (html) => toFragment(DOMPurify, html),
    didError: (error) => console.error(error),
  })
  // Tab goes on to the next input, as everywhere
  editor.setKeyHandler('Tab', null)
  editor.setKeyHandler('Shift-Tab', null)

  let isSource = true
  let loaded = ''
  let timer
  const bar = makeToolbar(toolbar, editor, {
    link: () => askForLink(editor, box),
    image: () => askForImage(editor, box),
    source: () => (isSource ? showText() : showSource()),
  })
  const isFocused = document.activeElement === textarea
  showText(true)
  if (isFocused && !isSource) editor.focus()

  editor.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(gather, WAIT)
  })
  editor.addEventListener('blur', gather)
  label?.addEventListener('click', (event) => {
    if (isSource) return
    event.preventDefault()
    editor.focus()
  })
  root.addEventListener('keydown', (event) => {
    if (event.altKey && event.key === 'F10') {
      event.preventDefault()
      bar.focus()
    }
  })
  // links of the form's messages lead to the textarea, and browsers look for what they call invalid
  textarea.addEventListener('focus', () => {
    if (!isSource) editor.focus()
  })
  form?.addEventListener('gather', gather)
  form?.addEventListener('submit', gather, { capture: true })

  function showText(atFirst = false) {
    editor.setHTML(textarea.value)
    loaded = cleanCopy(editor.getHTML())
    const loses = shapeOf(DOMPurify, textarea.value) !== shapeOf(DOMPurify, loaded)
    note.hidden = !loses
    isSource = loses
    show()
    if (!loses && !atFirst) editor.focus()
  }

  function showSource() {
    gather()
    isSource = true
    show()
    textarea.focus()
  }

  function show() {
    root.hidden = isSource
    textarea.classList.toggle('rich-behind', !isSource)
    textarea.tabIndex = isSource ? 0 : -1
    textarea.ariaHidden = isSource ? null : 'true'
    if (label) label.htmlFor = textarea.id
    if (label && !isSource) label.removeAttribute('for')
    bar.setSource(isSource)
  }

  // only what was changed here is put into the textarea: a text that was merely looked at stays as it is
  function gather() {
    clearTimeout(timer)
    if (isSource) return
    const html = cleanCopy(editor.getHTML())
    if (html === loaded) return
    loaded = html
    textarea.value = html
    textarea.dispatchEvent(new Event('input', { bubbles: true }))
  }
}
