// Keeps the page of a task that runs up to date: progress and log from server-sent events, everything else by
// asking for the page again when something else has changed.
const root = document.querySelector('[data-events]')
if (root) follow(root)

function follow(root) {
  const source = new EventSource(root.dataset.events)
  const log = document.querySelector('[data-log]')
  if (log) log.scrollTop = log.scrollHeight
  // The task may have gone on since the page was made.
  let known = root.dataset.shape
  source.addEventListener('change', ({ data }) => {
    const state = JSON.parse(data)
    showProgress(state)
    showLog(state.log)
    const shape = shapeOf(state)
    if (shape !== known) refresh()
    known = shape
  })
  source.addEventListener('over', () => {
    source.close()
    refresh()
  })
  window.addEventListener('pagehide', () => source.close())
}

/** What the page cannot show without being asked for again; whose task it is sees no attempts. */
function shapeOf({ status, attempts, results }) {
  return [status, attempts, results].join()
}

function showProgress({ progress, children }) {
  const live = document.querySelector('[data-live]')
  if (!progress || !live) return
  let box = live.querySelector('[data-progress]')
  if (!box) {
    box = document.createElement('div')
    box.className = 'progress'
    box.dataset.progress = ''
    const bar = document.createElement('progress')
    bar.setAttribute('aria-label', live.dataset.progressLabel)
    box.append(bar, document.createElement('span'))
    live.append(box)
  }
  const { done, total, note } = progress
  const bar = box.querySelector('progress')
  if (total) {
    bar.max = total
    bar.value = done
  } else {
    bar.removeAttribute('value')
  }
  const number = new Intl.NumberFormat(document.documentElement.lang)
  const { of: some, ofTasks, tasks } = live.dataset
  const text = children ? (total ? ofTasks : tasks) : total ? some : '%done'
  const told = text.replace('%done', number.format(done)).replace('%total', number.format(total ?? 0))
  box.querySelector('span').textContent = note ? `${told} · ${note}` : told
}

function showLog(lines) {
  const list = document.querySelector('[data-log]')
  if (!list) return
  const hours = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: list.dataset.zone })
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8
  for (const line of lines) {
    if (line.id <= Number(list.dataset.last)) continue
    list.dataset.last = line.id
    const item = document.createElement('li')
    if (line.level === 'warn') item.className = 'warn'
    if (line.level === 'error') item.className = 'bad'
    const time = document.createElement('time')
    time.dateTime = line.created
    time.textContent = hours.format(new Date(line.created))
    const level = document.createElement('span')
    level.className = 'level'
    level.textContent = line.level
    item.append(time, ' ', level, ` ${line.message}`)
    list.append(item)
  }
  if (lines.length > 0) document.querySelector('[data-log-section]')?.removeAttribute('hidden')
  if (atEnd) list.scrollTop = list.scrollHeight
}

/** Puts the page as it is now in place of the one shown; without a place for it, loads it. */
async function refresh() {
  const response = await fetch(location.href, { headers: { accept: 'text/html' } })
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const fresh = page.querySelector('[data-task]')
  const old = document.querySelector('[data-task]')
  if (response.ok && fresh && old) replace(old, fresh)
  else location.reload()
}

/** What is open, scrolled or has the focus stays so; a new status is said once. */
function replace(old, fresh) {
  const parts = (of) => [...of.querySelectorAll('a, button, summary, [tabindex]')]
  const focus = old.contains(document.activeElement) ? nameOf(document.activeElement) : undefined
  const open = [...old.querySelectorAll('details[open] > summary')].map(nameOf)
  const scrolled = old.querySelector('[data-log]')?.scrollTop
  old.replaceWith(fresh)
  for (const each of fresh.querySelectorAll('summary')) each.parentElement.open = open.includes(nameOf(each))
  const log = fresh.querySelector('[data-log]')
  if (log) log.scrollTop = scrolled ?? 0
  if (focus !== undefined) {
    // What has gone, such as the button that cancels, leaves the focus with the heading.
    const again = parts(fresh).find((each) => nameOf(each) === focus)
    const heading = fresh.querySelector('h1')
    if (!again) heading.tabIndex = -1
    ;(again ?? heading).focus({ preventScroll: true })
  }
  const status = (of) => of.querySelector('[data-status]')?.textContent.trim()
  const said = document.querySelector('[data-said]')
  if (said && status(old) !== status(fresh)) said.textContent = status(fresh)
}

/** What an element can be found again by. */
function nameOf(element) {
  const { tagName, textContent } = element
  return [tagName, element.getAttribute('href') ?? element.getAttribute('aria-label') ?? textContent].join(
    '|',
  )
}
