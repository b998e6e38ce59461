import { DjetError } from '../error.ts'
import type { ApiOperation } from './operation.ts'

interface Place {
  readonly steps: readonly string[]
  readonly operations: Map<string, ApiOperation>
}

/** What was found at a path: the operations there by method, and the values of its `{…}`. */
export interface Match {
  readonly operations: ReadonlyMap<string, ApiOperation>
  readonly params: Readonly<Record<string, string>>
}

/** Finds operations by path; a step that is written out goes before one with a `{name}`. */
export class ApiRoutes {
  readonly #places: Place[] = []

  /** @throws {DjetError} API_TWICE, when two have the same name, or the same path and method; API_PATH_INVALID */
  constructor(operations: readonly ApiOperation[]) {
    const names = new Set<string>()
    const places = new Map<string, Place>()
    for (const operation of operations) {
      if (operation.path !== '/' && !/^(\/([^/{}?#\s]+|\{\w+\}))+$/.test(operation.path)) {
        const wanted = 'it must be like /books/{book}/lend, below /-/api'
        throw new DjetError('API_PATH_INVALID', `the path '${operation.path}' of ${operation.id}: ${wanted}.`)
      }
      const key = operation.path.replace(/\{[^}]*\}/g, '{}')
      const place = places.get(key) ?? { steps: operation.path.split('/').slice(1), operations: new Map() }
      places.set(key, place)
      if (names.has(operation.id) || place.operations.has(operation.method)) {
        const what = `${operation.id} (${operation.method} ${operation.path})`
        throw new DjetError('API_TWICE', `the operation ${what} of the API is there twice.`)
      }
      names.add(operation.id)
      place.operations.set(operation.method, operation)
    }
    this.#places = [...places.values()].sort((a, b) => variables(a) - variables(b))
  }

  /** @param path below the API, e.g. `/nodes/7/move` */
  match(path: string): Match | undefined {
    const given = path.split('/').slice(1)
    for (const { steps, operations } of this.#places) {
      if (steps.length !== given.length) continue
      const params: Record<string, string> = {}
      const fits = steps.every((step, i) => {
        if (!step.startsWith('{')) return step === given[i]
        params[step.slice(1, -1)] = given[i]!
        return given[i] !== ''
      })
      if (fits) return { operations, params }
    }
    return undefined
  }
}

function variables({ steps }: Place): number {
  return steps.filter((step) => step.startsWith('{')).length
}
