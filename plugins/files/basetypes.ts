import { defineBasetype, field, type NodeOf } from '../../core/index.ts'

/** Holds files and further folders; who may view and edit it is said by its rules, as at any page. */
export const folder = defineBasetype({
  name: 'folder',
  title: 'Folder',
  parents: ['page', 'folder'],
  children: ['folder', 'file'],
  engine: 'files.folder',
  template: 'folder.eta',
  menu: false,
  childOrder: 'newest',
})

const percent = { min: 0, max: 100, default: 50 } as const

/** A file of the library; an image is a file whose content is one. */
export const file = defineBasetype({
  name: 'file',
  title: 'File',
  parents: ['folder'],
  children: [],
  engine: 'files.file',
  template: 'file.eta',
  menu: false,
  fields: {
    file: field.file({ title: 'File', required: true, maxSize: 1024 * 1024 * 1024 }),
    alt: field.str({
      title: 'Alternative text',
      help: 'Says what an image shows to those who do not see it. Leave it empty for mere decoration.',
      maxLength: 300,
      searchable: true,
    }),
    focusX: field.int({
      ...percent,
      title: 'Focal point, % from the left',
      help: 'What stays in sight when the image is cropped.',
    }),
    focusY: field.int({ ...percent, title: 'Focal point, % from the top' }),
  },
})

export type FileNode = NodeOf<typeof file>
