const SYSTEM = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENOENT',
  'DATABASE_UNREACHABLE',
  'DATABASE_BUSY',
])

/** Whether an error says that the connection to PostgreSQL is gone or refused, not that a statement was wrong. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string')
    return SYSTEM.has(code) || /^(08|57P)/.test(code) || code === '25P03' || code === '53300'
  return /connection (terminated|ended|error)|not queryable|Client was closed|timeout expired/i.test(
    error.message,
  )
}
