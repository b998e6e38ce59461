// Adds and removes rows of a form without loading the page anew: the form is posted, and the list put in place.
const form = document.querySelector('form[data-start]')
form?.addEventListener('click', (event) => {
  const button = event.target.closest('button[name="_add"], button[name="_remove"]')
  const list = button?.closest('[data-start-rows]')
  if (!list || holdsFiles(list)) return
  event.preventDefault()
  change(button, list).catch(() => form.requestSubmit(button))
})

/** A file that was chosen cannot be put into the new list; posting the whole form keeps it. */
function holdsFiles(list) {
  return [...list.querySelectorAll('input[type="file"]')].some((input) => input.files.length > 0)
}

async function change(button, list) {
  const body = new FormData()
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') body.append(name, value)
  body.append(button.name, button.value)
  const answer = await fetch(form.action, { method: 'POST', body, headers: { accept: 'text/html' } })
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const name = CSS.escape(list.dataset.startRows)
  const fresh = page.querySelector(`[data-start-rows="${name}"]`)
  if (!answer.ok || !fresh) throw new Error(`the form answered ${answer.status}`)
  list.replaceWith(fresh)
  const rows = fresh.querySelectorAll(':scope > [data-start-row]')
  const isNew = button.name === '_add'
  const target = isNew
    ? rows[rows.length - 1]?.querySelector('input:not([type="hidden"]), select, textarea')
    : null
  ;(target ?? fresh.querySelector(':scope > button[name="_add"]') ?? fresh).focus()
  const said = document.querySelector('[data-said]')
  const { added, removed } = said.dataset
  said.textContent = (isNew ? added : removed).replace('%n', rows.length)
}
