// The focal point is shown on the image and set by a click; the numbers beside it do the same by keys.

const frame = document.querySelector('[data-focus]')
const image = frame?.querySelector('img')
const across = document.getElementById('file-focusX')
const down = document.getElementById('file-focusY')

if (frame && across && down) {
  const point = document.createElement('span')
  point.className = 'focus-point'
  frame.append(point)
  const place = () => {
    point.style.left = `${limited(across.value)}%`
    point.style.top = `${limited(down.value)}%`
  }
  image.addEventListener('click', (event) => {
    const box = image.getBoundingClientRect()
    across.value = limited(((event.clientX - box.left) / box.width) * 100)
    down.value = limited(((event.clientY - box.top) / box.height) * 100)
    across.dispatchEvent(new Event('input', { bubbles: true }))
    place()
  })
  across.addEventListener('input', place)
  down.addEventListener('input', place)
  place()
}

function limited(value) {
  const number = Math.round(Number(value))
  return Number.isFinite(number) ? Math.min(100, Math.max(0, number)) : 50
}
