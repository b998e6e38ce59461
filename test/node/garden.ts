import { defineBasetype, definePlugin, field } from '../../core/index.ts'

/** May stand anywhere and have any children. */
export const bed = defineBasetype({ name: 'bed', title: 'Bed' })

/** Only in beds; with fields of several types. */
export const plant = defineBasetype({
  name: 'plant',
  title: 'Plant',
  parents: ['bed'],
  children: ['note'],
  fields: {
    species: field.str({ required: true, maxLength: 40 }),
    height: field.int({ min: 0 }),
    price: field.price(),
    sown: field.date({ title: 'Day of sowing' }),
    evergreen: field.boolean({ default: false }),
    secret: field.protected(),
  },
})

export const note = defineBasetype({ name: 'note', title: 'Note' })

/** Has no children. */
export const stone = defineBasetype({ name: 'stone', title: 'Stone', children: [] })

/** Nowhere but as the root. */
export const island = defineBasetype({ name: 'island', title: 'Island', parents: [] })

export const gate = defineBasetype({ name: 'gate', title: 'Gate', max: 1 })

export const statue = defineBasetype({ name: 'statue', title: 'Statue', max: 2 })

/** Its newest entry comes first. */
export const diary = defineBasetype({ name: 'diary', title: 'Diary', childOrder: 'newest' })

/** A plugin of basetypes with rules of their own, for tests of the tree. */
export const garden = definePlugin(() => ({
  name: 'garden',
  basetypes: [bed, plant, note, stone, island, gate, statue, diary],
}))
