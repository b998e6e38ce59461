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

/** Whether an error says that the connection to PostgreSQL is gone, not that a statement was wrong. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string')
    return SYSTEM.has(code) || code.startsWith('08') || code.startsWith('57P') || code === '25P03'
  return /connection (terminated|ended|error)|not queryable|Client was closed|timeout expired/i.test(
    error.message,
  )
}
