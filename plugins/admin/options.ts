import { DjetError, didYouMean } from '../../core/index.ts'

export interface AdminOptions {
  /** Path of its node, `/admin` when absent; the parent must exist when the site is first set up. */
  path?: string
}

/** @throws {DjetError} ADMIN_OPTION_UNKNOWN, ADMIN_OPTION_INVALID */
export function checkOptions(options: AdminOptions): Required<AdminOptions> {
  for (const key of Object.keys(options)) {
    if (key === 'path') continue
    throw new DjetError(
      'ADMIN_OPTION_UNKNOWN',
      `admin has no option '${key}'.${didYouMean(key, ['path'])} It has: path.`,
    )
  }
  const { path = '/admin' } = options
  if (typeof path === 'string' && /^(\/[^/\s?#\\]+)+$/.test(path)) return { path }
  throw new DjetError('ADMIN_OPTION_INVALID', `path of admin must be a path such as '/admin', not '${path}'.`)
}
