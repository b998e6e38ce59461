import { describe, expect, test } from 'vitest'
import { type Field, type Fields, field, parseData, z } from '../../core/index.ts'

/** What the table of fields in the plugin guide says: a value that is accepted with what is stored, and one refused. */
const table: readonly [what: string, field: Field, accepted: [unknown, unknown][], refused: unknown[]][] = [
  ['str', field.str(), [[' a\nb ', 'a b']], ['x'.repeat(256), 'a\0b', 7]],
  ['str', field.str({ pattern: /^[A-Z]{5}$/ }), [['ALFKI', 'ALFKI']], ['alfki']],
  ['text', field.text(), [['a\r\nb', 'a\nb']], ['x'.repeat(100_001)]],
  [
    'html',
    field.html(),
    [['<h1 class="x" onclick="y()">A</h1><script>z</script>', '<h2>A</h2>']],
    ['x'.repeat(200_001)],
  ],
  [
    'int',
    field.int(),
    [
      [42, 42],
      ['42', 42],
      ['-7', -7],
    ],
    ['1.5', '1e3', '9007199254740992'],
  ],
  [
    'number',
    field.number(),
    [
      [3.5, 3.5],
      ['3.5', 3.5],
      ['1e3', 1000],
    ],
    ['3,5', Number.NaN, Number.POSITIVE_INFINITY],
  ],
  [
    'price',
    field.price(),
    [
      [12.5, '12.50'],
      ['12.5', '12.50'],
    ],
    ['12,50', '1.234', '-1'],
  ],
  ['price', field.price({ allowNegative: true }), [['-1', '-1.00']], []],
  [
    'boolean',
    field.boolean(),
    [
      [true, true],
      ['on', true],
      ['1', true],
      [1, true],
      ['false', false],
      ['off', false],
      [0, false],
    ],
    ['yes'],
  ],
  ['boolean', field.boolean({ required: true }), [[undefined, false]], []],
  [
    'choices',
    field.choices({ v: 'Vegetarian', gf: 'No gluten' }),
    [
      [
        ['gf', 'v', 'v'],
        ['v', 'gf'],
      ],
      ['v', ['v']],
    ],
    [['x'], [7]],
  ],
  [
    'group',
    field.group({ max: 2, fields: { what: field.str({ required: true }), grams: field.int() } }),
    [
      [[{ what: 'Salt', grams: '5' }], [{ what: 'Salt', grams: 5 }]],
      ['[{"what":"Salt"}]', [{ what: 'Salt' }]],
    ],
    ['Salt', 7, [{ what: 'a' }, { what: 'b' }, { what: 'c' }]],
  ],
  ['date', field.date(), [['2026-03-31', '2026-03-31']], ['2026-02-30', '31.3.2026', new Date()]],
  [
    'email',
    field.email(),
    [['maria@example.com', 'maria@example.com']],
    ['maria', `${'m'.repeat(250)}@example.com`],
  ],
  [
    'link',
    field.link(),
    ['https://example.com', 'http://example.com/a', 'mailto:a@example.com', '/about'].map((link) => [
      link,
      link,
    ]),
    ['javascript:alert(1)', '//example.com', 'https://example.com/a b'],
  ],
  ['enum', field.enum(['open', 'paid']), [['paid', 'paid']], ['lost']],
  ['enum', field.enum({ open: 'Not paid' }), [['open', 'open']], ['Not paid']],
  [
    'node',
    field.node(),
    [
      [7, 7],
      ['7', 7],
    ],
    [0, 'x'],
  ],
  [
    'file',
    field.file({ accept: ['image/*'], maxSize: 10 }),
    [
      [{ id: 'f1', name: 'a.png', type: 'image/png', size: 9 }, 'f1'],
      ['f1', 'f1'],
    ],
    [
      { id: 'f1', name: 'a.txt', type: 'text/plain', size: 9 },
      { id: 'f1', name: 'a.png', type: 'image/png', size: 11 },
    ],
  ],
  [
    'structured',
    field.structured({ schema: z.record(z.string(), z.array(z.string())) }),
    [
      ['mon: ["8-12"]', { mon: ['8-12'] }],
      [{ mon: [] }, { mon: [] }],
    ],
    ['mon: [', 'mon: 8', 'text'],
  ],
]

describe('the table of fields in the plugin guide', () => {
  test.each(table)('%s', (_what, one, accepted, refused) => {
    const fields: Fields = { one }
    for (const [given, stored] of accepted) {
      expect(parseData(fields, { one: given }, { form: true })).toEqual({ data: { one: stored }, errors: {} })
    }
    for (const given of refused)
      expect(parseData(fields, { one: given }).errors.one, String(given)).toBeDefined()
  })

  test('protected values are set by code and left alone by forms', () => {
    const fields: Fields = { one: field.protected<{ row: number }>() }
    expect(parseData(fields, { one: { row: 7 } }).data).toEqual({ one: { row: 7 } })
    expect(parseData(fields, { one: { row: 7 } }, { form: true }).data).toEqual({})
    for (const one of [() => 1, new Date(), Number.NaN])
      expect(parseData(fields, { one }).errors.one).toBeDefined()
  })
})
