import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

const VITEST = resolve(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')

/** Runs the tests of a site as its author would; gives the end of what they said and whether they passed. */
export function runTests(
  dir: string,
  env: Readonly<Record<string, string>>,
): Promise<{ passed: boolean; said: string }> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'TEST')
  return new Promise((done) => {
    execFile(
      process.execPath,
      [VITEST, 'run', '--root', dir],
      { cwd: dir, env: { ...Object.fromEntries(own), ...env, NO_COLOR: '1' }, maxBuffer: 10_000_000 },
      (error, stdout, stderr) => done({ passed: error === null, said: `${stdout}${stderr}`.slice(-5000) }),
    )
  })
}
