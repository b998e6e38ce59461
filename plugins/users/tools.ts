import type { Later } from './later.ts'
import type { Settings } from './options.ts'

/** What the engines of one site's users work with. */
export interface Tools {
  readonly settings: Settings
  readonly later: Later
}
