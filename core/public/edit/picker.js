// Finds pages while one types: a combobox with a list (ARIA 1.2), over an input that works alone.

const WAIT = 180

export function makePicker(box) {
  if ('ready' in box.dataset) return
  box.dataset.ready = ''
  const input = box.querySelector('input')
  const isLink = box.dataset.picker === 'link'
  const list = document.createElement('ul')
  const status = document.createElement('p')
  list.className = 'picker-list'
  list.hidden = true
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', nameOf(input))
  status.className = 'visually-hidden'
  status.setAttribute('role', 'status')
  box.append(list, status)
  input.setAttribute('role', 'combobox')
  input.setAttribute('aria-autocomplete', 'list')
  input.setAttribute('aria-expanded', 'false')
  let active = -1
  let timer
  let asked

  input.addEventListener('input', (event) => {
    if (!event.isTrusted && event.detail === 'chosen') return
    chosen(null)
    clearTimeout(timer)
    timer = setTimeout(ask, WAIT)
  })
  input.addEventListener('keydown', (event) => {
    const options = [...list.children]
    const open = !list.hidden
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (!open) {
        ask()
        return
      }
      const step = event.key === 'ArrowDown' ? 1 : -1
      mark((active + step + options.length) % options.length)
    } else if (event.key === 'Enter' && open && active >= 0) {
      event.preventDefault()
      choose(options[active])
    } else if (event.key === 'Escape' && open) {
      event.preventDefault()
      event.stopPropagation()
      close()
    } else if (event.key === 'Tab') close()
  })
  input.addEventListener('blur', () => setTimeout(close, 150))
  list.addEventListener('mousedown', (event) => event.preventDefault())
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[role="option"]')
    if (option) choose(option)
  })

  async function ask() {
    const text = input.value.trim()
    if (text === '' || /^(https?:|mailto:|#)/i.test(text)) return close()
    asked?.abort()
    asked = new AbortController()
    const url = new URL(box.dataset.find, location.href)
    url.searchParams.set('q', text)
    try {
      const answer = await fetch(url, { headers: { accept: 'application/json' }, signal: asked.signal })
      if (answer.ok) open((await answer.json()).items)
      else close()
    } catch (error) {
      if (error.name !== 'AbortError') close()
    }
  }

  function open(items) {
    if (document.activeElement !== input) return
    // ids follow the input's, which changes when rows are moved
    list.id = `${input.id || nameOf(input).replaceAll(/\W+/g, '-')}-list`
    input.setAttribute('aria-controls', list.id)
    list.replaceChildren(...items.map(optionOf))
    list.hidden = items.length === 0
    input.setAttribute('aria-expanded', String(items.length > 0))
    active = -1
    input.removeAttribute('aria-activedescendant')
    const { found = '', none = '' } = box.dataset
    status.textContent = items.length === 0 ? none : found.replace('__count__', items.length)
  }

  function optionOf(item, index) {
    const option = document.createElement('li')
    option.id = `${list.id}-${index}`
    option.setAttribute('role', 'option')
    option.setAttribute('aria-selected', 'false')
    option.dataset.value = isLink ? item.url : item.path
    option.dataset.title = item.title
    const place = document.createElement('small')
    place.textContent = `${item.path} · ${item.type}`
    option.append(item.title, place)
    return option
  }

  function mark(index) {
    const options = [...list.children]
    options[active]?.setAttribute('aria-selected', 'false')
    active = index
    options[active].setAttribute('aria-selected', 'true')
    options[active].scrollIntoView({ block: 'nearest' })
    input.setAttribute('aria-activedescendant', options[active].id)
  }

  function choose({ dataset }) {
    input.value = dataset.value
    box.dataset.chosenTitle = dataset.title
    close()
    input.dispatchEvent(new CustomEvent('input', { bubbles: true, detail: 'chosen' }))
    chosen(dataset.title)
  }

  function chosen(title) {
    if (title === null) delete box.dataset.chosenTitle
    const note = document.getElementById(`${input.id}-chosen`)
    if (!note) return
    note.hidden = title === null
    note.textContent = title ?? ''
  }

  function close() {
    clearTimeout(timer)
    asked?.abort()
    list.hidden = true
    active = -1
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
}

function nameOf(input) {
  return input.labels?.[0]?.textContent.trim() || input.getAttribute('aria-label') || ''
}
