// Times of schedules as the reader's clock shows them: instead of UTC in a column of their own, else in the title.
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
const two = (n) => String(n).padStart(2, '0')

function local(time) {
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

for (const element of document.querySelectorAll('time[data-local]')) {
  const time = new Date(element.dateTime)
  if (Number.isNaN(time.getTime())) continue
  if (element.dataset.local === 'only') element.textContent = local(time)
  else element.title = `${local(time)} ${timeZone}`
}
for (const head of document.querySelectorAll('[data-local-head]')) {
  const { label, localHead } = head.dataset
  if (label) head.dataset.label = localHead
  else head.textContent = `${localHead} (${timeZone})`
}
