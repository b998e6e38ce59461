import type { Command } from '../plugin.ts'
import { wordsOf } from './words.ts'

/** `djet seed`: makes the nodes a new site begins with, where that has not been done. */
export const seed: Command = {
  usage: 'seed',
  summary: 'run pending migrations and make the first nodes of a new site',
  async run({ args, open, print }) {
    wordsOf('seed', args, {})
    const app = await open()
    for (const { label, text } of app.announcements) print(`${label}: ${text}`)
    print('The site is seeded.')
  },
}
