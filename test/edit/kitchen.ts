import { z } from 'zod'
import {
  defineBasetype,
  defineEngine,
  definePlugin,
  field,
  page,
  parseForm,
  showFields,
} from '../../core/index.ts'
import { admin } from '../../plugins/admin/index.ts'
import { jobmachine } from '../../plugins/jobmachine/index.ts'
import { addUser, changePassword, users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite } from '../site.ts'

export const PASSWORD = 'quiet-river-5'

/** A node with a field of every kind. */
export const recipe = defineBasetype({
  name: 'recipe',
  title: 'Recipe',
  engine: 'recipes.recipe',
  fields: {
    method: field.html({ title: 'Method', rows: 6, maxLength: 5000 }),
    notes: field.text({ title: 'Notes', maxLength: 200, rows: 3 }),
    served: field.date({ title: 'Served on', min: '2026-01-01', max: '2026-12-31' }),
    minutes: field.int({ title: 'Minutes', min: 1, max: 600 }),
    price: field.price({ title: 'Price', currency: 'EUR' }),
    course: field.enum({ starter: 'Starter', main: 'Main course' }, { title: 'Course' }),
    suits: field.choices({ v: 'Vegetarians', gf: 'Without gluten' }, { title: 'Suits' }),
    goesWith: field.node({ title: 'Goes with', basetypes: ['recipe'] }),
    source: field.link({ title: 'Source' }),
    ingredients: field.group({
      title: 'Ingredients',
      max: 5,
      fields: {
        what: field.str({ title: 'What', required: true, searchable: true }),
        grams: field.int({ title: 'Grams', min: 1 }),
        optional: field.boolean({ title: 'Optional' }),
        recipe: field.node({ title: 'Made by', basetypes: ['recipe'] }),
      },
    }),
    hours: field.structured({
      title: 'Opening hours',
      schema: z.array(z.object({ day: z.enum(['Mon', 'Tue']), from: z.number().min(0).max(24) })),
    }),
    extra: field.structured({ title: 'Extra' }),
    code: field.str({ title: 'Code', updatable: false }),
  },
})

const swapFields = {
  with: field.node({ basetypes: ['recipe'], required: true }),
  guests: field.int({ min: 1 }),
}

/** A form of fields that are not those of the node. */
const recipeEngine = defineEngine((router) => {
  router.get('/swap', async (ctx) => {
    showFields(ctx, swapFields, { guests: 4 })
    ctx.body = await ctx.payload.editField('guests')
  })
  router.post('/swap', async (ctx) => {
    const data = await parseForm(ctx, swapFields)
    if (data !== null) ctx.body = { with: data.with, guests: data.guests }
    else if (ctx.accepts('html', 'json') === 'json') await ctx.render()
    else ctx.body = await ctx.payload.editField('with')
  })
})

export interface Kitchen {
  readonly site: TestSite
  close(): Promise<void>
}

/** A site of recipes: `/recipes` with two, and `/cellar`, which staff see. */
export async function openKitchen(): Promise<Kitchen> {
  const engines = { 'recipes.recipe': recipeEngine }
  const recipes = definePlugin(() => ({ name: 'recipes', basetypes: [recipe], engines }))
  const site = await createTestSite({ plugins: [users(), jobmachine({ threads: 0 }), admin(), recipes()] })
  const { djet } = site
  await djet.nodes.insert('/', {
    basetype: page,
    part: 'recipes',
    name: 'Recipes',
    acl: { staff: ['view', 'edit', 'publish'], cook: ['view', 'edit', 'publish'] },
  })
  const bread = { method: '<h2>Knead</h2><p>Well.</p>', code: 'B1' }
  await djet.nodes.insert('/recipes', { basetype: recipe, name: 'Bread', data: bread })
  await djet.nodes.insert('/recipes', { basetype: recipe, name: 'Soup' })
  await djet.nodes.insert('/', {
    basetype: page,
    name: 'Cellar',
    acl: { everyone: [], user: [], staff: ['view', 'edit'], admin: ['*'] },
  })
  await changePassword(djet, { login: 'admin', password: PASSWORD })
  await addUser(djet, { login: 'carla', password: PASSWORD, roles: ['cook'] })
  return { site, close: () => site.close() }
}
