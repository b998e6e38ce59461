import type { Command } from '../plugin.ts'

/** `djet seed`: makes the nodes a new site begins with, where that has not been done. */
export const seed: Command = {
  usage: 'seed',
  summary: 'run pending migrations and make the first nodes of a new site',
  async run({ open, print }) {
    const app = await open()
    for (const { label, text } of app.announcements) print(`${label}: ${text}`)
    print('The site is seeded.')
  },
}
