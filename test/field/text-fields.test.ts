import { describe, expect, it } from 'vitest'
import { field, fieldTitle } from '../../core/field/index.ts'

describe('str', () => {
  it('is one line without space around it', () => {
    expect(field.str().parse('  Garden House\r\nCrowther Way ')).toBe('Garden House Crowther Way')
  })
  it('is at most 255 characters long unless said otherwise', () => {
    expect(field.str().parse('x'.repeat(255))).toHaveLength(255)
    expect(() => field.str().parse('x'.repeat(256))).toThrow(
      'must be at most 255 characters long (it has 256)',
    )
    expect(() => field.str({ maxLength: 3 }).parse('four')).toThrow('must be at most 3 characters')
  })
  it('must match its pattern, also the second time, and says so in the given words', () => {
    const code = field.str({ pattern: /^[A-Z]{5}$/g, patternMessage: 'must be five capital letters' })
    expect([code.parse('ALFKI'), code.parse('VINET')]).toEqual(['ALFKI', 'VINET'])
    expect(() => code.parse('alfki')).toThrow('must be five capital letters')
  })
  it.each([7, true, ['a'], { a: 1 }])('refuses %j, which is no text', (input) => {
    expect(() => field.str().parse(input)).toThrow('must be a text')
  })
  it.each(['str', 'text', 'html', 'link', 'email'] as const)(
    '%s refuses what PostgreSQL cannot store',
    (type) => {
      expect(() => field[type]().parse('/a\0b')).toThrow('must not contain the NUL character')
      expect(() => field[type]().parse('/a\ud800b')).toThrow('must not contain broken characters')
    },
  )
  it('keeps characters beyond the basic plane', () => {
    expect(field.str().parse('tea 🍵')).toBe('tea 🍵')
  })
})

describe('text', () => {
  it('keeps its lines, with \\n between them', () => {
    expect(field.text().parse('one\r\n\r\ntwo\rthree\n')).toBe('one\n\ntwo\nthree')
  })
  it('counts a line end once, as the browser does', () => {
    expect(field.text({ maxLength: 3 }).parse('a\r\nb')).toBe('a\nb')
  })
})

describe('email', () => {
  it('takes an address', () => {
    expect(field.email().parse(' maria@example.com ')).toBe('maria@example.com')
  })
  it.each([
    'maria',
    'maria@',
    '@example.com',
    'a b@example.com',
    'a@b@example.com',
    'Maria <maria@example.com>',
  ])('refuses %s', (input) => {
    expect(() => field.email().parse(input)).toThrow('must be an e-mail address such as')
  })
})

describe('enum', () => {
  const state = field.enum({ open: 'Not shipped', paid: 'Paid' })
  it('takes its values only', () => {
    expect(state.parse('open')).toBe('open')
    for (const input of ['Open', 'lost', 'constructor', 0, ['open']]) {
      expect(() => state.parse(input)).toThrow('must be one of open, paid')
    }
  })
  it('is searched by its label', () => {
    expect(state.toText('open')).toBe('Not shipped')
  })
  it('makes labels of a list of values', () => {
    expect(field.enum(['not-paid']).settings.choices).toEqual([{ value: 'not-paid', label: 'Not paid' }])
  })
  it('refuses to be empty', () => {
    expect(() => field.enum([])).toThrow('must have at least one value')
  })
})

describe('link', () => {
  it.each([
    'https://example.com/a?b=c#d',
    'HTTP://example.com',
    'mailto:maria@example.com',
    'mailto:maria@example.com?subject=Hi',
    '/',
    '/about#us',
  ])('takes %s', (input) => {
    expect(field.link().parse(input)).toBe(input)
  })
  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https:/\\evil.example',
    'https://',
    'ftp://example.com',
    'about',
    'mailto:nobody',
    'https://exa mple.com',
  ])('refuses %j', (input) => {
    expect(() => field.link().parse(input)).toThrow('must be a web address such as')
  })
})

describe('html', () => {
  const html = field.html()
  it('keeps what an editor writes', () => {
    const text = '<h2>Tea</h2><p>A <strong>fine</strong> <a href="/assam">tea</a></p><ul><li>one</li></ul>'
    expect(html.parse(text)).toBe(text)
  })
  it('takes out what could harm a reader', () => {
    const given =
      '<p onclick="x()" style="color:red">a</p><script>alert(1)</script><a href="javascript:x()">b</a>' +
      '<a href="//evil.example">c</a><img src="data:image/png;base64,x" onerror="x()"><iframe src="/x"></iframe>'
    const stored = html.parse(given)
    expect(stored).toBe('<p>a</p><a>b</a><a>c</a><img />')
  })
  it('leaves the h1 to the title of the page', () => {
    expect(html.parse('<h1>Tea</h1>')).toBe('<h2>Tea</h2>')
  })
  it('is searched by its words, those of different blocks apart', () => {
    expect(html.toText(html.parse('<p>Salt &amp; <b>pep</b>per</p><p>a &lt; b</p>'))).toBe(
      'Salt & pepper a < b',
    )
    expect(html.toText('<p title="a &gt; b">&amp;lt;</p>')).toBe('&lt;')
  })
})

describe('the title of a field', () => {
  it('is what was given, or its name in words', () => {
    expect(fieldTitle('unitPrice', field.price())).toBe('Unit price')
    expect(fieldTitle('ship_to')).toBe('Ship to')
    expect(fieldTitle('sku', field.str({ title: 'SKU' }))).toBe('SKU')
  })
})
