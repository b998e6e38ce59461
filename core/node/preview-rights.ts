import type { Permission, User } from './access.ts'
import type { Branch } from './nodes.ts'
import { Rights, type Rules } from './rights.ts'

/**
 * What a visitor with given roles may do, as far as the editor who looks through his eyes may do it himself: a preview
 * shows nobody more than he may see.
 */
export class PreviewRights extends Rights {
  readonly #editor: Rights

  constructor(visitor: User | null, rules: Rules, editor: Rights) {
    super(visitor, rules)
    this.#editor = editor
  }

  override get shape(): string {
    return `preview-${super.shape}-${this.#editor.shape}-${this.user === null}`
  }

  override mayEverywhere(permission: Permission): boolean {
    return super.mayEverywhere(permission) && this.#editor.mayEverywhere(permission)
  }

  override may(permission: Permission, branch: Branch): boolean {
    return super.may(permission, branch) && this.#editor.may(permission, branch)
  }

  override childFilter(parent: Branch, first: number): { sql: string; values: unknown[] } {
    const sql: string[] = []
    const values: unknown[] = []
    const filters = [
      super.mayEverywhere('view') ? undefined : (at: number) => super.childFilter(parent, at),
      this.#editor.mayEverywhere('view') ? undefined : (at: number) => this.#editor.childFilter(parent, at),
    ]
    for (const filter of filters) {
      const part = filter?.(first + values.length)
      if (part === undefined) continue
      sql.push(`(${part.sql})`)
      values.push(...part.values)
    }
    return { sql: sql.join(' and '), values }
  }
}
