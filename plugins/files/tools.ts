import { Contents } from './model/contents.ts'
import { Variants } from './model/variant.ts'
import type { FilesSettings } from './options.ts'

/** What the parts of the plugin share at one site. */
export interface Tools {
  readonly settings: FilesSettings
  readonly contents: Contents
  readonly variants: Variants
}

export function createTools(settings: FilesSettings): Tools {
  return { settings, contents: new Contents(settings), variants: new Variants(settings) }
}
