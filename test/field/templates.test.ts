import { describe, expect, it } from 'vitest'
import { type Field, field, fieldTitle } from '../../core/field/index.ts'
import { Languages } from '../../core/i18n/languages.ts'
import { encodePath } from '../../core/payload.ts'
import { createRegistry } from '../../core/registry.ts'
import { DJET_FOLDER, Renderer } from '../../core/render.ts'

const texts = new Languages({ dir: DJET_FOLDER, languages: ['en'], acceptLanguage: false }, []).texts()
const renderer = new Renderer({ dir: DJET_FOLDER, registry: createRegistry([]), cache: true })

const samples: Record<string, { field: Field; value: unknown; shown: string }> = {
  str: { field: field.str(), value: 'Tea & <milk>', shown: 'Tea &amp; &lt;milk&gt;' },
  text: { field: field.text(), value: 'one\n<two>', shown: '<p>one<br>&lt;two&gt;</p>' },
  int: { field: field.int(), value: 1039, shown: '<span class="number">1,039</span>' },
  number: { field: field.number(), value: 3.5, shown: '<span class="number">3.5</span>' },
  boolean: { field: field.boolean(), value: false, shown: 'No' },
  date: { field: field.date(), value: '2026-03-31', shown: '<time datetime="2026-03-31">' },
  email: {
    field: field.email(),
    value: 'a@example.com',
    shown: '<a href="mailto:a@example.com">a@example.com</a>',
  },
  choices: {
    field: field.choices({ v: 'Vegetarian', gf: 'Without gluten' }),
    value: ['gf'],
    shown: 'Without gluten',
  },
  group: {
    field: field.group({ fields: { what: field.str() } }),
    value: [{ what: 'Flour' }],
    shown: '<th scope="col">What</th>',
  },
  enum: { field: field.enum({ open: 'Not shipped' }, { radio: false }), value: 'open', shown: 'Not shipped' },
  file: {
    field: field.file({ accept: ['.pdf', '.csv'] }),
    value: 'f-1',
    shown: 'href="/book/-/file/sample"',
  },
  html: {
    field: field.html(),
    value: '<p>a <b>b</b></p>',
    shown: '<div class="prose"><p>a <b>b</b></p></div>',
  },
  link: { field: field.link(), value: '/about', shown: '<a href="/about">/about</a>' },
  price: {
    field: field.price({ currency: 'EUR', scale: 3 }),
    value: '1234.500',
    shown: '<span class="price">1,234.500</span> EUR',
  },
  protected: { field: field.protected(), value: { row: 3 }, shown: '&quot;row&quot;: 3' },
  structured: { field: field.structured(), value: { mon: '9-12' }, shown: 'mon: 9-12' },
  node: { field: field.node(), value: 7, shown: 'node 7' },
}

async function row(
  field: Field,
  { value, error }: { value?: unknown; error?: string } = {},
): Promise<string> {
  const text = value === undefined ? '' : field.toForm(value)
  const title = fieldTitle('sample', field)
  const values = {
    url: urlBelowBook,
    ...texts,
    name: 'sample',
    field,
    title,
    value,
    text,
    error,
    id: 'field-sample',
    required: field.required,
  }
  const input = await renderer.render(`field/${field.type}.edit.eta`, values)
  return renderer.render('field/row.eta', { ...values, input })
}

/** As `it.url` of a node at /book. */
function urlBelowBook(restPath: string): string {
  return `/book${restPath}`
}

describe('the templates of fields', () => {
  it('there is a sample of every type here', () => {
    expect(Object.keys(samples).sort()).toEqual(Object.keys(field).sort())
  })

  it.each(Object.entries(samples))('a %s is shown', async (type, { field, value, shown }) => {
    expect(
      await renderer.render(`field/${type}.view.eta`, {
        ...texts,
        url: urlBelowBook,
        rows: field.columns && [],
        title: 'Sample',
        fieldTitle,
        name: 'sample',
        field,
        value,
      }),
    ).toContain(shown)
  })

  it.each(Object.entries(samples).filter(([type]) => !['protected', 'choices', 'group'].includes(type)))(
    'a %s has an input that its label and its message name',
    async (_, { field, value }) => {
      const html = await row(field, { value, error: 'must be better' })
      expect(html).toContain('<label for="field-sample">Sample</label>')
      expect(html).toMatch(/<(input|select|textarea)[^>]* id="field-sample" name="sample"/)
      expect(html).toMatch(/aria-describedby="[^"]*\bfield-sample-error" aria-invalid="true"/)
      expect(html).toMatch(/<p class="field-error" id="field-sample-error">must be better<\/p>/)
    },
  )

  it('a protected value has no input', async () => {
    expect(await row(field.protected(), { value: 'x' })).not.toMatch(/<(input|select|textarea|label)/)
  })

  it('a link to a node is encoded', async () => {
    const target = { path: '/a b/what?', title: 'What?' }
    const html = await renderer.render('field/node.view.eta', {
      value: 7,
      target,
      urlOf: ({ path }: typeof target) => encodePath(path),
    })
    expect(html).toBe('<a href="/a%20b/what%3F">What?</a>')
  })

  it('what an input starts with is escaped', async () => {
    expect(await row(field.str(), { value: '"><b>' })).toContain('value="&quot;&gt;&lt;b&gt;"')
    expect(await row(field.text(), { value: '</textarea><b>' })).toContain(
      '&lt;/textarea&gt;&lt;b&gt;</textarea>',
    )
  })

  it('a mandatory field is marked, for the eye and for the browser', async () => {
    const html = await row(field.str({ required: true }))
    expect(html).toContain('<div class="field required">')
    expect(html).toMatch(/name="sample" required/)
  })

  it('a ticked checkbox stays ticked, and is never forced', async () => {
    expect(await row(field.boolean(), { value: true })).toContain('value="on" checked>')
    expect(await row(field.boolean({ required: true }), { value: false })).not.toMatch(
      /checked|name="sample" required/,
    )
  })

  it('help stands below the input and describes it', async () => {
    const html = await row(field.str({ help: 'Five letters.' }))
    expect(html).toContain('aria-describedby="field-sample-help"')
    expect(html).toContain('id="field-sample-help">Five letters.</p>')
  })
})
