import type { DjetApp } from '../djet.ts'
import type { ApiPart } from './operation.ts'
import { accessOperations } from './operations/access.ts'
import { fileOperations } from './operations/files.ts'
import { nodeOperations } from './operations/nodes.ts'
import { publishingOperations } from './operations/publishing.ts'
import { redirectOperations } from './operations/redirects.ts'
import { trashOperations } from './operations/trash.ts'
import { versionOperations } from './operations/versions.ts'
import { shapes } from './shapes.ts'

const CORE: ApiPart = {
  operations: [
    ...nodeOperations,
    ...fileOperations,
    ...publishingOperations,
    ...versionOperations,
    ...trashOperations,
    ...redirectOperations,
    ...accessOperations,
  ],
  schemas: shapes,
}

/** The API of a site: core's part, then those of its plugins. */
export function partsOf(app: DjetApp): readonly ApiPart[] {
  return [CORE, ...app.plugins.flatMap(({ api }) => (api ? [api] : []))]
}
