// The tree by keys (WAI-ARIA tree pattern) and by dragging; without this script it is a list of links.

const tree = document.querySelector('[data-tree]')
const status = document.getElementById('tree-status')

// An item is the <li>; its row is what has the role, the focus and the name, so that the name is what is seen of it.
const items = () => [...tree.querySelectorAll('li')]
const rowOf = (item) => item.querySelector(':scope > .tree-row')
const itemOf = (element) => element?.closest?.('.tree-row')?.parentElement
const isOpen = (item) => item.dataset.state === 'open'
const nameOf = (item) => (rowOf(item).querySelector('.tree-name') ?? rowOf(item)).textContent.trim()
const parentOf = (item) => item.parentElement.closest('li')
const levelOf = (item) => Number(rowOf(item).getAttribute('aria-level'))

/** Gives the rows of a list their roles. Only one item is reached by Tab. */
function dress(list, level) {
  if (list !== tree) list.setAttribute('role', 'group')
  for (const item of list.children) {
    const row = rowOf(item)
    item.setAttribute('role', 'none')
    row.setAttribute('role', 'treeitem')
    row.setAttribute('aria-level', level)
    row.tabIndex = -1
    for (const link of row.querySelectorAll('a')) link.tabIndex = -1
    row.querySelector('.tree-toggle')?.setAttribute('aria-hidden', 'true')
    if (item.dataset.state) row.setAttribute('aria-expanded', String(isOpen(item)))
    if (item.dataset.id) {
      row.setAttribute('aria-selected', String('chosen' in item.dataset))
      row.draggable = Boolean(item.dataset.parent)
    }
    const below = item.querySelector(':scope > ul')
    if (below) dress(below, level + 1)
  }
}

function focus(item) {
  if (!item) return
  for (const other of tree.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1
  const row = rowOf(item)
  row.tabIndex = 0
  row.focus()
  row.scrollIntoView({ block: 'nearest' })
}

async function rowsOf(parent, after) {
  const query = new URLSearchParams({ parent, ...(after ? { after } : {}) })
  const answer = await fetch(`${tree.dataset.url}/children?${query}`)
  if (!answer.ok) throw new Error(`the site answered ${answer.status}`)
  const part = document.createElement('template')
  part.innerHTML = await answer.text()
  return part.content
}

/** A text of the page, with what it is about filled in. */
function said(what, item, problem = '') {
  return tree.dataset[what].replace('%problem', () => problem).replace('%name', () => nameOf(item))
}

async function open(item) {
  if (item.dataset.state !== 'closed' || item.dataset.busy) return
  item.dataset.busy = 'true'
  try {
    const list = item.querySelector(':scope > ul') ?? document.createElement('ul')
    if (list.children.length === 0) {
      list.append(await rowsOf(item.dataset.id))
      item.append(list)
      dress(list, levelOf(item) + 1)
    }
    list.hidden = false
    show(item, 'open')
    status.textContent = said('opened', item)
  } catch (error) {
    status.textContent = said('failed', item, error.message)
  } finally {
    delete item.dataset.busy
  }
}

function close(item) {
  item.querySelector(':scope > ul').hidden = true
  show(item, 'closed')
}

function show(item, state) {
  item.dataset.state = state
  rowOf(item).setAttribute('aria-expanded', String(state === 'open'))
}

/** The further children of a list take the place of the item that offers them. */
async function more(item) {
  const list = item.parentElement
  const level = levelOf(item)
  const rows = await rowsOf(item.dataset.more, item.dataset.after)
  rows.querySelector('[data-first]')?.remove()
  const first = rows.querySelector('li')
  item.replaceWith(rows)
  dress(list, level)
  focus(first)
}

/** Goes on to a page of the tree with what is open here. */
function go(link) {
  const url = new URL(link.href)
  url.searchParams.set('open', openIds().join(','))
  location.href = url
}

const openIds = () =>
  items()
    .filter((item) => item.dataset.id && isOpen(item))
    .slice(0, 60)
    .map((item) => item.dataset.id)

// What is open stays so through whatever is done with a page: the site then answers without naming what was open.
const KEPT = 'djet-tree-open'
const kept = () => new Set((sessionStorage.getItem(KEPT) ?? '').split(','))

async function reopen(ids) {
  const closed = items().filter((item) => item.dataset.state === 'closed' && ids.delete(item.dataset.id))
  if (closed.length === 0) return
  await Promise.all(closed.map(open))
  status.textContent = ''
  await reopen(ids)
}

function activate(item) {
  if (item.dataset.more) more(item).catch(() => item.querySelector('a').click())
  else if (item.dataset.first) location.href = item.querySelector('a').href
  else go(item.querySelector('.tree-name'))
}

const isSeen = (item) => !item.parentElement.closest('ul[hidden]')

function find(from, letters) {
  const seen = items().filter(isSeen)
  const start = seen.indexOf(from) + (letters.length === 1 ? 1 : 0)
  const turned = [...seen.slice(start), ...seen.slice(0, start)]
  return turned.find((item) => nameOf(item).toLowerCase().startsWith(letters))
}

let typed = ''
let typedAt = 0

function onKey(event) {
  if (!event.target.matches('[role="treeitem"]') || event.ctrlKey || event.metaKey) return
  const item = itemOf(event.target)
  if (event.altKey) {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault()
      if (item.dataset.parent) post(item, event.key === 'ArrowUp' ? 'up' : 'down')
    }
    return
  }
  const seen = items().filter(isSeen)
  const at = seen.indexOf(item)
  const steps = {
    ArrowDown: () => focus(seen[at + 1]),
    ArrowUp: () => focus(seen[at - 1]),
    Home: () => focus(seen[0]),
    End: () => focus(seen.at(-1)),
    ArrowRight: () => (item.dataset.state === 'closed' ? open(item) : isOpen(item) && focus(seen[at + 1])),
    ArrowLeft: () => (isOpen(item) && item.dataset.parent ? close(item) : focus(parentOf(item))),
    Enter: () => activate(item),
    ' ': () => activate(item),
    '*': () => Promise.all([...item.parentElement.children].map(open)),
  }
  if (event.key === ' ' && typed !== '' && Date.now() - typedAt < 700) return letter(event, item)
  const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined
  if (step) {
    event.preventDefault()
    typed = ''
    step()
  } else letter(event, item)
}

function letter(event, item) {
  if (event.key.length !== 1) return
  event.preventDefault()
  typed = Date.now() - typedAt < 700 ? typed + event.key.toLowerCase() : event.key.toLowerCase()
  typedAt = Date.now()
  focus(find(item, typed))
}

/** Posts to a place of a node, with the token of the form that stands ready. */
function post(item, action, fields = {}) {
  const form = document.getElementById('tree-place')
  form.action = `${tree.dataset.url.replace(/tree$/, 'node')}/${item.dataset.id}/${action}`
  for (const name of ['before', 'after']) form.elements[name].value = fields[name] ?? ''
  form.submit()
}

tree.addEventListener('keydown', onKey)
tree.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
  const item = itemOf(event.target)
  const link = event.target.closest('a')
  if (!item || !link) return
  event.preventDefault()
  if (link.classList.contains('tree-toggle')) {
    focus(item)
    if (isOpen(item)) close(item)
    else open(item)
  } else activate(item)
})
tree.addEventListener('focusin', (event) => {
  if (event.target.matches('[role="treeitem"]')) {
    for (const other of tree.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1
    event.target.tabIndex = 0
  }
})

// Dragging: between two siblings it is done at once, elsewhere the page of the move says first what it will do.
let dragged = null

function dropOn(event) {
  const item = itemOf(event.target)
  if (!dragged || !item?.dataset.id || item === dragged || dragged.contains(item)) return null
  const row = rowOf(item)
  const { top, height } = row.getBoundingClientRect()
  const at = (event.clientY - top) / height
  const where = !item.dataset.parent || (at > 0.3 && at < 0.7) ? 'into' : at <= 0.3 ? 'before' : 'after'
  return { row, item, where }
}

function unmark() {
  for (const row of tree.querySelectorAll('.drop-before, .drop-after, .drop-into'))
    row.classList.remove('drop-before', 'drop-after', 'drop-into')
}

tree.addEventListener('dragstart', (event) => {
  dragged = itemOf(event.target)
  event.dataTransfer.effectAllowed = 'move'
  event.dataTransfer.setData('text/plain', nameOf(dragged))
})
tree.addEventListener('dragover', (event) => {
  const drop = dropOn(event)
  unmark()
  if (!drop) return
  event.preventDefault()
  drop.row.classList.add(`drop-${drop.where}`)
})
tree.addEventListener('dragend', () => {
  unmark()
  dragged = null
})
tree.addEventListener('drop', (event) => {
  const drop = dropOn(event)
  unmark()
  if (!drop) return
  event.preventDefault()
  const { item, where } = drop
  const isSibling = where !== 'into' && item.dataset.parent === dragged.dataset.parent
  if (isSibling) return post(dragged, 'place', { [where]: item.dataset.id })
  const to = where === 'into' ? item.dataset.id : item.dataset.parent
  const query = new URLSearchParams({ to, ...(where === 'into' ? {} : { [where]: item.dataset.id }) })
  location.href = `${tree.dataset.url.replace(/tree$/, 'node')}/${dragged.dataset.id}/move?${query}`
})

tree.setAttribute('role', 'tree')
dress(tree, 1)
rowOf(tree.querySelector('[data-chosen]') ?? tree.querySelector('li')).tabIndex = 0
// At the end of loading, since going to the place named by the address takes the focus away.
window.addEventListener('load', async () => {
  if (!new URLSearchParams(location.search).has('open')) await reopen(kept())
  if (location.hash.startsWith('#n-'))
    setTimeout(() => focus(document.getElementById(location.hash.slice(1))))
})
window.addEventListener('pagehide', () => sessionStorage.setItem(KEPT, openIds().join(',')))
