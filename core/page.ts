import { defineBasetype } from './basetype.ts'
import { field } from './field/index.ts'

/** The one basetype core brings: a page with a text. The root of a new site is one. */
export const page = defineBasetype({
  name: 'page',
  title: 'Page',
  template: 'page.eta',
  fields: {
    body: field.html({ title: 'Text', searchable: true }),
  },
})
