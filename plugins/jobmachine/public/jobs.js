// Brings the overview of the jobs page up to date, part by part, from server-sent events; and ticks all boxes of a list.
const overview = document.querySelector('[data-overview]')
if (overview) follow(overview)

function follow(root) {
  let source
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'button small'
  const status = document.createElement('p')
  status.className = 'live'
  status.append(button)
  root.before(status)

  const start = () => {
    source = new EventSource(root.dataset.overview)
    source.addEventListener('change', ({ data }) => {
      root.dataset.live = ''
      for (const [name, html] of Object.entries(JSON.parse(data))) show(root, name, html)
    })
    button.textContent = root.dataset.stop
  }
  const stop = () => {
    source?.close()
    source = undefined
    button.textContent = root.dataset.resume
  }
  button.addEventListener('click', () => (source ? stop() : start()))
  window.addEventListener('pagehide', () => source?.close())
  window.addEventListener('pageshow', ({ persisted }) => persisted && source && start())
  start()
}

/** Puts a part in its place; what is open, scrolled or has the focus stays so. */
function show(root, name, html) {
  const block = root.querySelector(`[data-block="${name}"]`)
  if (!block) return
  const fresh = document.createElement('template')
  fresh.innerHTML = html
  if (block.innerHTML.trim() === fresh.innerHTML.trim()) return
  const open = [...block.querySelectorAll('details[open]')].map((each) => each.dataset.key)
  for (const each of fresh.content.querySelectorAll('details')) each.open = open.includes(each.dataset.key)
  const scrolled = [...block.querySelectorAll('.table-scroll')].map(({ scrollLeft, scrollTop }) => [
    scrollLeft,
    scrollTop,
  ])
  const all = 'a, button, summary, [tabindex]'
  const focus = block.contains(document.activeElement) ? nameOf(document.activeElement) : undefined
  block.replaceChildren(fresh.content)
  for (const [n, each] of block.querySelectorAll('.table-scroll').entries()) {
    const [left = 0, top = 0] = scrolled[n] ?? []
    each.scrollLeft = left
    each.scrollTop = top
  }
  if (focus === undefined) return
  // What has gone, such as the link of a count that is nought now, leaves the focus with its part.
  const again = [...block.querySelectorAll(all)].find((each) => nameOf(each) === focus)
  if (!again) block.tabIndex = -1
  ;(again ?? block).focus({ preventScroll: true })
}

/** What an element can be found again by: the text of a link may be a number that has changed. */
function nameOf(element) {
  const { tagName, textContent } = element
  return [tagName, element.getAttribute('href') ?? element.getAttribute('aria-label') ?? textContent].join(
    '|',
  )
}

for (const box of document.querySelectorAll('[data-check-all]')) {
  box.closest('[hidden]')?.removeAttribute('hidden')
  const boxes = () => box.closest('table').querySelectorAll('input[name="task"]')
  box.addEventListener('change', () => {
    for (const each of boxes()) each.checked = box.checked
  })
}
