// Small helps for pages that work without them.

document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm
  if (question && !window.confirm(question)) {
    event.preventDefault()
    return
  }
  if (event.target.method === 'post') pauseButtons(event.target)
})

// a second click must not post the form twice; the buttons come back because the answer may be a download
function pauseButtons(form) {
  const buttons = [...form.querySelectorAll('button:not([type="button"])')]
  setTimeout(() => {
    for (const button of buttons) button.disabled = true
  })
  setTimeout(() => {
    for (const button of buttons) button.disabled = false
  }, 3000)
}

// the browser's history keeps a page as it was left
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  for (const button of document.querySelectorAll('form[method="post"] button:disabled'))
    button.disabled = false
})

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-autosubmit]')) event.target.form?.requestSubmit()
})

// a menu made of <details> closes with Escape or a click elsewhere
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu-button[open]')) {
    if (!menu.contains(event.target)) menu.open = false
  }
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  for (const menu of document.querySelectorAll('details.menu-button[open]')) {
    menu.open = false
    menu.querySelector('summary')?.focus()
  }
})

// what is wrong with a form far down the page is seen at once
if (!location.hash && !document.querySelector('[autofocus]')) {
  const input = document.querySelector('main [aria-invalid="true"]')
  const notice = input ?? document.querySelector('main .notice.problem[role="alert"]')
  notice?.scrollIntoView({ block: 'center' })
  input?.focus({ preventScroll: true })
}

// screen readers tell what comes into a status, and few what stood in it when the page was loaded
for (const text of document.querySelectorAll('.flash [role] > p'))
  setTimeout(() => text.replaceChildren(...text.childNodes), 150)

// tables of a text that are wider than the window are scrolled by keys as well
for (const table of document.querySelectorAll('.prose table')) {
  if (table.scrollWidth > table.clientWidth) table.tabIndex = 0
}

// what forms of pages have beyond the inputs of browsers; without it they work as they stand
if (document.querySelector('form[data-edit], [data-picker], [data-rows], [data-rich]'))
  import('./edit/edit.js')
