// Warns before what was typed is lost, and before more is sent than is taken.

export function watchForm(form) {
  const badge = form.querySelector('[data-unsaved]')
  const typed = 'typed' in form.dataset
  const before = stateOf(form)
  let leaving = false
  const isDirty = () => !leaving && (typed || stateOf(form) !== before)
  const show = () => {
    if (badge) badge.hidden = !isDirty()
  }
  for (const event of ['input', 'change', 'rows-changed']) form.addEventListener(event, show)
  form.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return
    if (sizeOf(form) > Number(form.dataset.limit ?? Infinity)) {
      event.preventDefault()
      event.stopImmediatePropagation()
      say(form)
      return
    }
    leaving = true
  })
  window.addEventListener('pageshow', () => {
    leaving = false
    show()
  })
  window.addEventListener('beforeunload', (event) => {
    form.dispatchEvent(new Event('gather'))
    if (isDirty()) event.preventDefault()
  })
  show()
}

// what would be sent, without the token, which is renewed in pages that come from the browser's memory
function stateOf(form) {
  return JSON.stringify(
    [...new FormData(form)]
      .filter(([name]) => name !== '_csrf')
      .map(([name, value]) => [name, typeof value === 'string' ? value : `${value.name} ${value.size}`]),
  )
}

function sizeOf(form) {
  const texts = [...new FormData(form)].filter(([, value]) => typeof value === 'string')
  return form.enctype === 'multipart/form-data'
    ? Math.max(0, ...texts.map(([, value]) => new Blob([value]).size))
    : new URLSearchParams(texts).toString().length
}

function say(form) {
  let notice = form.querySelector('[data-said]')
  if (!notice) {
    notice = document.createElement('div')
    notice.className = 'notice problem'
    notice.dataset.said = ''
    notice.tabIndex = -1
    notice.setAttribute('role', 'alert')
    form.prepend(notice)
  }
  notice.textContent = form.dataset.tooLarge
  notice.focus()
}
