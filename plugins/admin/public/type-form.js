// Fields of a type: moved and removed without asking the server, by button or by Alt with an arrow.

const rows = document.querySelector('.type-rows')
const form = rows?.closest('form')

if (rows) {
  for (const button of rows.querySelectorAll('[data-needless]')) button.hidden = true
  rows.addEventListener('click', (event) => {
    const button = event.target.closest('[data-move]')
    if (!button) return
    event.preventDefault()
    move(button.closest('.type-row'), button.dataset.move, button)
  })
  rows.addEventListener('keydown', (event) => {
    if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return
    const row = event.target.closest('.type-row')
    if (!row) return
    event.preventDefault()
    move(row, event.key === 'ArrowUp' ? 'up' : 'down', event.target)
  })
  // Another type has other options, which the server knows.
  rows.addEventListener('change', (event) => {
    if (!event.target.matches('[data-refresh]')) return
    form.requestSubmit(event.target.closest('.type-row').querySelector('[data-needless]'))
  })
  const newest = rows.querySelector('.type-row:last-child')
  if (sessionStorage.getItem('djet-type-added') && newest)
    newest.querySelector('input:not([type="hidden"])')?.focus()
  sessionStorage.removeItem('djet-type-added')
  form.addEventListener('submit', (event) => {
    if (event.submitter?.value === 'add') sessionStorage.setItem('djet-type-added', '1')
  })
}

function move(row, way, focused) {
  if (way === 'remove') {
    const next = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    next?.querySelector('input:not([type="hidden"])')?.focus()
  } else if (way === 'up') row.previousElementSibling?.before(row)
  else row.nextElementSibling?.after(row)
  const all = [...rows.children]
  for (const [index, one] of all.entries()) {
    one.querySelector('[data-move="up"]').disabled = index === 0
    one.querySelector('[data-move="down"]').disabled = index === all.length - 1
  }
  if (way !== 'remove')
    (focused.disabled ? row.querySelector('[data-move]:not([disabled])') : focused)?.focus()
}
