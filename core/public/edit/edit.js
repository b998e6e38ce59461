// Begins what the form on this page needs, and what is added to it later.
import { countLetters } from './counter.js'
import { makePicker } from './picker.js'
import { makeRows } from './rows.js'
import { watchForm } from './unsaved.js'

function enhance(root) {
  for (const input of root.querySelectorAll('[data-maxlength]')) countLetters(input)
  for (const box of root.querySelectorAll('[data-picker]')) makePicker(box)
  for (const box of root.querySelectorAll('[data-rows]')) makeRows(box, enhance)
  const rich = [...root.querySelectorAll('[data-rich]')]
  if (rich.length > 0) import('./rich-text.js').then(({ makeRichText }) => rich.forEach(makeRichText))
}

enhance(document)
for (const form of document.querySelectorAll('form[data-edit]')) watchForm(form)
// `autofocus` moves the focus only on pages that are not loaded with a place in them
document.querySelector('[data-problems]')?.focus()
