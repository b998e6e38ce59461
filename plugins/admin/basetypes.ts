import { defineBasetype } from '../../core/index.ts'

/** The one node of a site whose pages look after all others. Visitors see nothing of it. */
export const adminBasetype = defineBasetype({
  name: 'admin',
  title: 'Administration',
  max: 1,
  fixed: true,
  menu: true,
  engine: 'admin.admin',
  children: [],
  acl: { everyone: [], user: [], staff: ['view'] },
})
