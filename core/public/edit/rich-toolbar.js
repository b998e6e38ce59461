// The buttons above a formatted text, one stop of the Tab key, gone through with the arrows.

export function makeToolbar(toolbar, editor, asks) {
  const style = toolbar.querySelector('[data-style]')
  const controls = [...toolbar.querySelectorAll('select, button')]
  const button = (name) => toolbar.querySelector(`[data-do="${name}"]`)
  const has = (tag) => editor.hasFormat(tag)
  const inside = (tag) => new RegExp(`(^|>)${tag}(?=[>.#\\[]|$)`).test(editor.getPath())
  const actions = {
    bold: () => (has('B') ? editor.removeBold() : editor.bold()),
    italic: () => (has('I') ? editor.removeItalic() : editor.italic()),
    bullets: () => (inside('UL') ? editor.removeList() : editor.makeUnorderedList()),
    numbers: () => (inside('OL') ? editor.removeList() : editor.makeOrderedList()),
    quote: () => (inside('BLOCKQUOTE') ? editor.removeQuote() : editor.increaseQuoteLevel()),
    code: () => editor.toggleCode(),
    undo: () => editor.undo(),
    redo: () => editor.redo(),
  }
  const states = {
    bold: () => has('B'),
    italic: () => has('I'),
    bullets: () => inside('UL'),
    numbers: () => inside('OL'),
    quote: () => inside('BLOCKQUOTE'),
    code: () => has('PRE') || has('CODE'),
    link: () => has('A'),
  }

  toolbar.addEventListener('click', (event) => {
    const name = event.target.closest('[data-do]')?.dataset.do
    if (name === undefined) return
    if (asks[name]) asks[name]()
    else {
      actions[name]()
      editor.focus()
    }
  })
  // a click on a button must not take the selection from the text
  toolbar.addEventListener('mousedown', (event) => {
    if (event.target.closest('button')) event.preventDefault()
  })
  style.addEventListener('change', () => {
    editor.modifyBlocks((fragment) => retag(fragment, style.value))
    editor.focus()
  })
  toolbar.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const usable = controls.filter(({ disabled }) => !disabled)
    const at = usable.indexOf(document.activeElement)
    if (event.key === 'Escape') editor.focus()
    else if (event.key === 'Home') go(usable[0], event)
    else if (event.key === 'End') go(usable.at(-1), event)
    else if (step) go(usable[(at + step + usable.length) % usable.length], event)
  })
  toolbar.addEventListener('focusin', (event) => stopAt(event.target))
  for (const event of ['pathChange', 'select', 'cursor', 'input']) editor.addEventListener(event, show)
  stopAt(style)

  function go(control, event) {
    event.preventDefault()
    control.focus()
  }

  function stopAt(control) {
    for (const other of controls) other.tabIndex = other === control ? 0 : -1
  }

  function show() {
    for (const [name, state] of Object.entries(states))
      button(name)?.setAttribute('aria-pressed', String(state()))
    style.value = /(?:^|>)(H[234])(?=[>.#[]|$)/.exec(editor.getPath())?.[1]?.toLowerCase() ?? 'p'
  }

  return {
    focus: () => controls.find(({ tabIndex }) => tabIndex === 0)?.focus(),
    // while the HTML itself is shown, nothing but the way back is of use
    setSource(isSource) {
      for (const control of controls) control.disabled = isSource && control.dataset.do !== 'source'
      button('source').setAttribute('aria-pressed', String(isSource))
      stopAt(isSource ? button('source') : style)
    },
  }
}

const CONTAINERS = /^(BLOCKQUOTE|UL|OL|LI|TABLE|THEAD|TBODY|TFOOT|TR|TD|TH|DL|DD|DT|FIGURE|PRE)$/

// paragraphs and headings by another name, at whatever depth they stand
function retag(fragment, name) {
  for (const element of [...fragment.children]) {
    if (CONTAINERS.test(element.tagName)) {
      if (!/^(PRE|TABLE)$/.test(element.tagName)) retag(element, name)
    } else if (/^(P|DIV|H[1-6])$/.test(element.tagName)) {
      const block = document.createElement(name)
      block.append(...element.childNodes)
      element.replaceWith(block)
    }
  }
  return fragment
}
