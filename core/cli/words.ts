import { type ParseArgsConfig, parseArgs } from 'node:util'
import { DjetError, messageOf } from '../error.ts'

/**
 * The options and words behind the name of a command of core; what it does not know is refused.
 *
 * @param most how many words it takes beside its options
 * @throws {DjetError} OPTION_UNKNOWN, with the usage
 * @example const { values } = wordsOf('start', args, { dev: { type: 'boolean' } })
 */
export function wordsOf<const O extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  args: readonly string[],
  options: O,
  most = 0,
) {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true })
    const odd = parsed.positionals[most]
    if (odd !== undefined) throw new Error(`'${odd}' is one word too many.`)
    return parsed
  } catch (error) {
    const said = messageOf(error).replace(/\.?( To specify a positional.*)?$/, '.')
    const where = args.some((arg) => /^--dir\b/.test(arg)) ? ' --dir stands before the command.' : ''
    throw new DjetError('OPTION_UNKNOWN', `${said}${where} Usage: djet ${usage}`)
  }
}
