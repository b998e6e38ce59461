import { dictionary } from '@zxcvbn-ts/language-common'

const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/** Whether a password is one of the 49,000 that are chosen most often. Load this file only when a password is set. */
export function isCommon(password: string): boolean {
  return COMMON.has(password.toLowerCase())
}
