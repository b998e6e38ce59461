import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const TSC = resolve(import.meta.dirname, '../../node_modules/typescript/lib/tsc.js')

/** Checks the types of a site as its author would; gives what the compiler says, nothing when all is well. */
export async function checkTypes(dir: string, tsconfig?: string): Promise<string> {
  if (tsconfig !== undefined) await writeFile(join(dir, 'tsconfig.json'), tsconfig)
  return new Promise((done) => {
    execFile(process.execPath, [TSC, '--noEmit', '-p', dir], { cwd: dir }, (error, stdout, stderr) =>
      done(error ? `${stdout}${stderr}` || error.message : ''),
    )
  })
}
