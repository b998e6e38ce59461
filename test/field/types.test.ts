import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type DataOf, type Field, field, type Structure } from '../../core/field/index.ts'

describe('the type of node.data follows from the fields', () => {
  it('required fields are always there, others may be absent', () => {
    const fields = {
      number: field.int({ required: true }),
      placed: field.date(),
      note: field.text({ required: false }),
      total: field.price({ required: true }),
    }
    type Data = DataOf<typeof fields>
    expectTypeOf<Data['number']>().toEqualTypeOf<number>()
    expectTypeOf<Data['total']>().toEqualTypeOf<string>()
    expectTypeOf<Data['placed']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Data['note']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<{ number: number; total: string }>().toExtend<Data>()
    expectTypeOf<{ number: number }>().not.toExtend<Data>()
  })

  it('the values of an enum are its type, from a list and from a record', () => {
    expectTypeOf(field.enum(['open', 'paid'])).toEqualTypeOf<Field<'open' | 'paid', false>>()
    expectTypeOf(field.enum({ open: 'Open', paid: 'Paid' }, { required: true })).toEqualTypeOf<
      Field<'open' | 'paid', true>
    >()
    // @ts-expect-error 'lost' is none of the values
    field.enum(['open', 'paid'], { default: 'open' as 'open' | 'lost' })
  })

  it('each type has its JavaScript type', () => {
    expectTypeOf(field.str()).toEqualTypeOf<Field<string, false>>()
    expectTypeOf(field.number()).toEqualTypeOf<Field<number, false>>()
    expectTypeOf(field.boolean({ required: true })).toEqualTypeOf<Field<boolean, true>>()
    expectTypeOf(field.node()).toEqualTypeOf<Field<number, false>>()
    expectTypeOf(field.file()).toEqualTypeOf<Field<string, false>>()
    expectTypeOf(field.protected<{ row: number }>()).toEqualTypeOf<Field<{ row: number }, false>>()
    expectTypeOf(field.structured()).toEqualTypeOf<Field<Structure, false>>()
    expectTypeOf(field.structured({ schema: z.array(z.string()) })).toEqualTypeOf<Field<string[], false>>()
  })

  it('an option that does not exist is a type error', () => {
    // @ts-expect-error str has maxLength
    const wrong = () => field.str({ maxLenght: 3 })
    expectTypeOf(wrong).toBeFunction()
  })
})
