import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { echo, noop, send, sendMany, waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { flaky } from './trial.ts'

describe('workers that take tasks one by one', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
    await site.work({ prefetch: false, concurrency: 8 })
    await site.work({ prefetch: false, concurrency: 2 })
  })
  afterAll(() => site.close())

  it('run each of them once, and hold nothing in the end', async () => {
    await sendMany(site.djet, noop, Array(300).fill({}))
    const echoes = await sendMany(
      site.djet,
      echo,
      Array.from({ length: 100 }, (_, n) => ({ n })),
    )
    const bad = await send(site.djet, flaky, { failures: 1 })
    expect(await waitFor(site.djet, bad.id)).toMatchObject({ results: [{ attempt: 2 }] })
    const ends = await Promise.all(echoes.map(({ id }) => waitFor(site.djet, id)))
    expect(ends.map((end) => end.results)).toEqual(echoes.map((_, n) => [{ n }]))
    const left = async () =>
      (
        await site.djet.query<{ open: number; held: number; results: number }>(
          `select (select count(*) from jobmachine.task where status < 200) as open,
             (select count(*) from jobmachine.held) as held, (select count(*) from jobmachine.result) as results`,
        )
      )[0]!
    for (let n = 0; n < 400 && ((await left()).open > 0 || (await left()).held > 0); n++) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    expect(await left()).toEqual({ open: 0, held: 0, results: 101 })
  })

  it('wait for new ones when there are none', async () => {
    for (let n = 0; n < 5; n++) {
      const { id } = await send(site.djet, echo, { n })
      expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
    }
  })
})
