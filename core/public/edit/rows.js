// Adds, removes and moves rows of a list in place; without it the buttons post the form.

export function makeRows(box, enhance) {
  if ('ready' in box.dataset) return
  box.dataset.ready = ''
  const name = box.dataset.rows
  const list = box.querySelector('.rows-items')
  const template = box.querySelector('template')
  const none = box.querySelector('.rows-none')
  const status = box.querySelector('[data-added]')
  const add = box.querySelector(':scope > [data-rows-do="add"]')

  box.addEventListener('click', (event) => {
    const button = event.target.closest('[data-rows-do]')
    if (!button || !box.contains(button)) return
    event.preventDefault()
    const row = button.closest('.rows-item')
    const action = button.dataset.rowsDo
    if (action === 'add') append()
    else if (action === 'remove') remove(row)
    else move(row, button, action)
    renumber()
    box.dispatchEvent(new Event('rows-changed', { bubbles: true }))
  })
  renumber()

  function append() {
    const row = template.content.cloneNode(true).querySelector('.rows-item')
    list.append(row)
    renumber()
    enhance(row)
    row.querySelector('input:not([type="hidden"]), select, textarea')?.focus()
    status.textContent = status.dataset.added
  }

  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    if (next) next.focus()
    else add.focus()
    status.textContent = status.dataset.removed
  }

  function move(row, button, action) {
    if (action === 'up') row.previousElementSibling?.before(row)
    else row.nextElementSibling?.after(row)
    // a button that has become useless cannot keep the focus
    renumber()
    if (button.disabled) row.focus()
    else button.focus()
    status.textContent = status.dataset.moved
  }

  // the number of a row stands in names, ids and words of all that belongs to it
  function renumber() {
    const rows = [...list.children]
    rows.forEach((row, index) => {
      renumberOne(row, index)
      row.querySelector('[data-rows-do="up"]').disabled = index === 0
      row.querySelector('[data-rows-do="down"]').disabled = index === rows.length - 1
    })
    none.hidden = rows.length > 0
    add.disabled = rows.length >= Number(box.dataset.max)
  }

  function renumberOne(row, index) {
    const was = row.id.slice(`field-${name}-`.length)
    if (was !== String(index)) {
      for (const element of [row, ...row.querySelectorAll('*')]) {
        for (const attribute of ['name', 'id', 'for', 'aria-describedby', 'aria-controls']) {
          const value = element.getAttribute(attribute)
          const dot = attribute === 'name' ? '.' : '-'
          if (value?.includes(`${name}${dot}${was}`))
            element.setAttribute(attribute, replaceAt(value, `${name}${dot}${was}`, `${name}${dot}${index}`))
        }
      }
    }
    for (const element of row.querySelectorAll('[data-row-number]')) element.textContent = index + 1
  }
}

// `a.1` in `a.1.b`, and `a-1` in `field-a-1-help`, not in `a.12.b`
function replaceAt(text, from, to) {
  return text.replaceAll(new RegExp(`${from.replaceAll('.', '\\.')}(?![0-9])`, 'g'), to)
}
