import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openApiDocument } from '../api/openapi.ts'
import { DjetError, messageOf } from '../error.ts'
import type { Command } from '../plugin.ts'
import { wordsOf } from './words.ts'

/** `djet openapi [file]`: the OpenAPI document of the site, written to a file or shown. */
export const openapi: Command = {
  usage: 'openapi [file]',
  summary: 'write the OpenAPI document of the API of this site',
  async run({ args, open, print }) {
    const [file] = wordsOf('openapi [file]', args, {}, 1).positionals
    const json = JSON.stringify(openApiDocument(await open()), null, 2)
    if (file === undefined) return print(json)
    try {
      await writeFile(resolve(file), `${json}\n`)
    } catch (error) {
      throw new DjetError('FILE_NOT_WRITTEN', `${file} cannot be written: ${messageOf(error)}`)
    }
    print(`${file} is written.`)
  },
}
