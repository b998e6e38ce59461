import { definePlugin } from '../../core/index.ts'
import { adminApi } from './api.ts'
import { adminBasetype } from './basetypes.ts'
import { changeTypeJob } from './change-type.ts'
import { adminEngine } from './engine/index.ts'
import { publishDueJob } from './jobs.ts'
import { type SearchOptions, searchNodes } from './model/search.ts'
import { type AdminOptions, checkOptions } from './options.ts'
import { adminUrl } from './payload.ts'
import { seedAdmin } from './seed.ts'
import { start } from './start.ts'

export { changeTypeJob } from './change-type.ts'
export { publishDueJob } from './jobs.ts'
export { type BasetypeLine, basetypeLine, basetypeLines } from './model/basetypes.ts'
export {
  type ChangeOptions,
  changeType,
  createType,
  type NewType,
  previewType,
  removeType,
  type TypeChange,
} from './model/types/change.ts'
export type { TypeDifference } from './model/types/differences.ts'
export type { Drift } from './model/types/drift.ts'
export { exportType, type PluginFile } from './model/types/export.ts'
export type { FieldPlan, Renames, TypePlan } from './model/types/plan.ts'
export type { FieldReport, TypeReport } from './model/types/report.ts'
export {
  type StoredType,
  storedType,
  storedTypes,
  type TypeVersion,
  typeVersions,
} from './model/types/stored.ts'
export type { AdminOptions } from './options.ts'
export { type SearchOptions, searchNodes }

/** The pages with which a site is looked after: tree, versions, trash, redirects, access, audit, basetypes. */
export const admin = definePlugin((options: AdminOptions) => {
  const settings = checkOptions(options)
  return {
    name: 'admin',
    version: '0.1.0',
    requires: ['jobmachine'],
    folder: new URL('.', import.meta.url),
    basetypes: [adminBasetype],
    engines: { 'admin.admin': adminEngine },
    jobs: [publishDueJob, changeTypeJob],
    payload: { adminUrl },
    api: adminApi,
    findNodes: searchNodes,
    seed: seedAdmin(settings.path),
    start,
  }
})
