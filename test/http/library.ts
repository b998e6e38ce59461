import { allow, defineBasetype, defineEngine, definePlugin, field, upload } from '../../core/index.ts'

/** Shown and edited by the generic templates. */
export const book = defineBasetype({
  name: 'book',
  title: 'Book',
  engine: 'library.book',
  fields: {
    author: field.str({ required: true, maxLength: 50 }),
    pages: field.int({ min: 1, help: 'Without the cover.' }),
    lent: field.boolean(),
    blurb: field.html(),
    cover: field.file({ accept: ['.png', '.txt'], maxSize: 2000 }),
  },
})

const engine = defineEngine((router) => {
  router.post('/lend', allow('edit'), async (ctx) => {
    await ctx.djet.nodes.update(ctx.node, { data: { lent: true } })
    ctx.flash('It is lent.')
    ctx.seeOther(ctx.node.path)
  })
  router.post('/scan', allow('edit'), upload({ maxFileSize: 1024 }), (ctx) => {
    const files = Object.values(ctx.files).flatMap((list) => list.map(({ name, size }) => `${name} ${size}`))
    ctx.body = { form: ctx.form, files }
  })
  router.post('/echo', (ctx) => {
    ctx.body = ctx.form
  })
  router.get('/to', (ctx) => ctx.seeOther(String(ctx.query.path)))
  router.get('/broken', () => {
    throw new Error('the shelf fell down')
  })
})

/** A plugin with one basetype, for tests of requests. */
export const library = definePlugin(() => ({
  name: 'library',
  folder: new URL('./library/', import.meta.url),
  basetypes: [book],
  engines: { 'library.book': engine },
}))
