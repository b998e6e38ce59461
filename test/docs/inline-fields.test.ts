import { expectTypeOf, test } from 'vitest'
import { defineBasetype, field, type NodeOf, z } from '../../core/index.ts'

test('fields written inside defineBasetype have their types', () => {
  const track = defineBasetype({
    name: 'track',
    title: 'Track',
    fields: {
      called: field.str({ required: true }),
      seconds: field.int({ required: true, min: 1 }),
      side: field.enum(['A', 'B'], { required: true }),
      players: field.structured({ schema: z.array(z.string()), required: true }),
      note: field.text({ title: 'Note' }),
      released: field.date(),
    },
  })
  type Data = NodeOf<typeof track>['data']
  expectTypeOf<Data['called']>().toEqualTypeOf<string>()
  expectTypeOf<Data['seconds']>().toEqualTypeOf<number>()
  expectTypeOf<Data['side']>().toEqualTypeOf<'A' | 'B'>()
  expectTypeOf<Data['players']>().toEqualTypeOf<string[]>()
  expectTypeOf<Data['note']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Data['released']>().toEqualTypeOf<string | undefined>()
})
