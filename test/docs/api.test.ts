import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createToken, findAccount } from '../../core/index.ts'
import { users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite } from '../site.ts'

let site: TestSite
beforeAll(async () => {
  site = await createTestSite({ plugins: [users()] })
}, 60_000)
afterAll(() => site?.close())

/** The words of a command, as a shell takes them. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"((?:\\.|[^"])*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

/** Does what a `curl` of the guide does; its status. */
async function run(command: string, base: string, values: Record<string, string>): Promise<number> {
  const filled = command
    .replace(/\$([A-Z]+)/g, (_, name) => values[name] ?? '')
    .replace('http://localhost:3000', base)
  const [, ...words] = wordsOf(filled)
  const headers: Record<string, string> = {}
  let [method, body, url]: (string | undefined)[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '-X') method = words[++i]
    else if (word === '-d') body = words[++i]
    else if (word === '-H') {
      const [name = '', value = ''] = words[++i]!.split(/: (.*)/)
      headers[name] = value
    } else url = word
  }
  const sent = body === undefined ? {} : { body }
  const answer = await fetch(url!, { method: method ?? (body ? 'POST' : 'GET'), headers, ...sent })
  return answer.status
}

test('the calls of the API guide are answered as it says', async () => {
  const { djet } = site
  const about = await djet.nodes.insert('/', { basetype: 'page', name: 'About' })
  const { id: accountId } = (await findAccount(djet, 'admin'))!
  const { token } = await createToken(djet, { accountId, name: 'import', scopes: ['write', 'publish'] })
  const { base } = await site.visitor()
  const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/^```sh test\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const calls = blocks.join('').replaceAll('\\\n', ' ').split('\n').filter(Boolean)
  expect(calls.length).toBeGreaterThan(6)
  for (const call of calls) {
    const [, command = '', status] = /^(.*?)\s+# (\d+)$/.exec(call)!
    expect([command, await run(command, base, { TOKEN: token, ABOUT: String(about.id) })]).toEqual([
      command,
      Number(status),
    ])
  }
})
