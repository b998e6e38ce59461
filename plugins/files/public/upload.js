// Files that are dropped or chosen are sent one by one, each with its progress. Without this script the form does.

const form = document.querySelector('[data-upload]')
const panel = form.closest('.upload')
const input = form.querySelector('input[type="file"]')
const list = document.getElementById('upload-list')

form.addEventListener('submit', (event) => {
  event.preventDefault()
  sendAll([...input.files])
})
for (const kind of ['dragenter', 'dragover']) {
  panel.addEventListener(kind, (event) => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    panel.classList.add('dropping')
  })
}
panel.addEventListener('dragleave', (event) => {
  if (!panel.contains(event.relatedTarget)) panel.classList.remove('dropping')
})
panel.addEventListener('drop', (event) => {
  event.preventDefault()
  panel.classList.remove('dropping')
  sendAll([...event.dataTransfer.files])
})

async function sendAll(files) {
  if (files.length === 0) return
  list.hidden = false
  const rows = files.map(rowOf)
  let failed = 0
  for (const [index, file] of files.entries()) {
    const problem = await send(file, rows[index])
    if (problem) failed++
    rows[index].end(problem)
  }
  form.reset()
  // What is new is shown by the page itself; messages stay until they are read.
  if (failed === 0) location.reload()
  else if (failed < files.length) offerReload()
}

function offerReload() {
  const link = document.createElement('a')
  link.className = 'button small'
  link.href = location.href
  link.textContent = form.dataset.show
  const item = document.createElement('li')
  item.append(link)
  list.append(item)
}

function rowOf(file) {
  const item = document.createElement('li')
  const name = document.createElement('span')
  name.textContent = file.name
  const bar = document.createElement('progress')
  bar.max = 100
  bar.value = 0
  bar.setAttribute('aria-label', `${file.name} ${form.dataset.sending}`)
  item.append(name, bar)
  list.append(item)
  return {
    at: (percent) => {
      bar.value = percent
    },
    end: (problem) => {
      const said = document.createElement('span')
      said.className = problem ? 'bad' : 'good'
      said.textContent = problem || form.dataset.done
      bar.replaceWith(said)
    },
  }
}

/** What is wrong with the file; empty when it is there. */
function send(file, row) {
  if (file.size > Number(form.dataset.most)) return form.dataset.large
  return new Promise((done) => {
    const request = new XMLHttpRequest()
    request.open('POST', form.action)
    request.setRequestHeader('accept', 'application/json')
    request.setRequestHeader('x-csrf-token', form.elements._csrf.value)
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) row.at((event.loaded / event.total) * 100)
    })
    request.addEventListener('load', () => done(problemOf(request)))
    for (const kind of ['error', 'abort', 'timeout']) {
      request.addEventListener(kind, () => done(form.dataset.failed))
    }
    const body = new FormData()
    body.append('files', file)
    request.send(body)
  })
}

function problemOf(request) {
  if (request.status === 201) return ''
  try {
    const { problems, error } = JSON.parse(request.responseText)
    return problems?.join(' ') || error?.message || form.dataset.failed
  } catch {
    return form.dataset.failed
  }
}
