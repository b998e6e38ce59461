// How long a text is, once it comes near what is allowed; a longer one is not sent, and never cut.
const NEAR = 0.8

export function countLetters(input) {
  const form = input.form
  if (!form?.dataset.lettersText) return
  const max = Number(input.dataset.maxlength)
  const note = document.createElement('p')
  note.className = 'field-help field-count'
  note.id = `${input.id}-count`
  note.hidden = true
  input.after(note)
  input.setAttribute('aria-describedby', `${input.getAttribute('aria-describedby') ?? ''} ${note.id}`.trim())
  const count = () => {
    // as it is counted when it is saved
    const { length } = input.value.trim()
    const text = form.dataset.lettersText
      .replace('__length__', length.toLocaleString())
      .replace('__max__', max.toLocaleString())
    note.hidden = length < max * NEAR
    note.textContent = text
    note.classList.toggle('too-long', length > max)
    input.setCustomValidity(length > max ? text : '')
  }
  input.addEventListener('input', count)
  count()
}
