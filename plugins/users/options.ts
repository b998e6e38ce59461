import { ADMIN, DjetError, didYouMean, issueWords, z } from '../../core/index.ts'

/** What `users({ … })` takes in `djet.config.ts`. */
export interface UsersOptions {
  /**
   * Who must give a code of his phone after the password: nobody (`optional`), who is `staff` or `admin` (`staff`),
   * or who has one of these roles. Everybody may. `optional` when absent.
   */
  secondFactor?: 'optional' | 'staff' | readonly string[]
  lockout?: {
    /** Wrong passwords (and, counted apart, wrong codes) of one account until it is locked; 10 when absent. */
    attempts?: number
    /** The same from one address, whatever the accounts; 100 when absent. */
    perAddress?: number
    /** Minutes in which they count, and for which it is locked then; 15 when absent. */
    minutes?: number
  }
}

/** The options with every default filled in. */
export interface Settings {
  /** Roles that need a second factor. */
  readonly secondFactor: readonly string[]
  readonly lockout: { readonly attempts: number; readonly perAddress: number; readonly minutes: number }
}

const schema = z.strictObject({
  secondFactor: z.union([z.enum(['optional', 'staff']), z.array(z.string().min(1))]).default('optional'),
  lockout: z
    .strictObject({
      attempts: z.int().min(3).max(1000).default(10),
      perAddress: z.int().min(3).max(100_000).default(100),
      minutes: z.number().positive().max(1440).default(15),
    })
    .prefault({}),
})

/**
 * Checks and completes the options.
 * @throws {DjetError} USERS_OPTIONS
 */
export function checkOptions(options: UsersOptions): Settings {
  const result = schema.safeParse(options, { error: issueWords })
  if (result.success) {
    const { secondFactor, lockout } = result.data
    const roles =
      secondFactor === 'optional' ? [] : secondFactor === 'staff' ? ['staff', ADMIN] : secondFactor
    return Object.freeze({ secondFactor: roles, lockout })
  }
  const lines = result.error.issues.map((issue) => {
    if (issue.code !== 'unrecognized_keys') return `option '${issue.path.join('.')}': ${issue.message}.`
    const known = [...Object.keys(schema.shape), 'attempts', 'perAddress', 'minutes']
    return `unknown option '${[...issue.path, issue.keys[0]].join('.')}'.${didYouMean(issue.keys[0] ?? '', known)}`
  })
  throw new DjetError('USERS_OPTIONS', `users(): ${lines.join(' ')}`)
}

/** Whether someone with these roles must have a second factor. */
export function demandsFactor(settings: Settings, roles: readonly string[]): boolean {
  return settings.secondFactor.some((role) => roles.includes(role))
}
