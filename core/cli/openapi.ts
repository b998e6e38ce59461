import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openApiDocument } from '../api/openapi.ts'
import { DjetError, messageOf } from '../error.ts'
import type { Command } from '../plugin.ts'

/** `djet openapi [file]`: the OpenAPI document of the site, written to a file or shown. */
export const openapi: Command = {
  usage: 'openapi [file]',
  summary: 'write the OpenAPI document of the API of this site',
  async run({ args, open, print }) {
    const [file, ...more] = args
    if (more.length > 0 || file?.startsWith('-')) {
      throw new DjetError('USAGE', 'give one file at most. Usage: djet openapi [file]')
    }
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
