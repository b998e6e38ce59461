import { expect, it } from 'vitest'
import { trial } from './trial.ts'

it('nothing is lost, nothing is done twice and no zombie writes, whatever ends, stops or is cut', {
  timeout: 240_000,
}, async () => {
  const said: string[] = []
  const figures = await trial({
    tasks: 900,
    workers: 4,
    senders: 1,
    seed: 20_260_101,
    rate: 30,
    acts: ['silence', 'stop', 'kill', 'cut', 'killSender', 'terminate', 'kill', 'fast', 'immediate'],
    pause: [2000, 3000],
    lasts: 0,
    say: (line) => said.push(line),
  })
  const { outputs, ...seen } = figures
  const lines = outputs.flatMap((output) => output.split('\n').filter((line) => /"level":[456]0/.test(line)))
  const told = [JSON.stringify(seen), ...said, ...lines].join('\n')
  expect(seen, told).toMatchObject({ lost: [], twins: [], found: {} })
  expect(seen.tasks).toBeGreaterThanOrEqual(900)
  // The trial was one: tasks were taken from processes that died and from such that stood still.
  expect(seen.killed.n, told).toBeGreaterThan(0)
  expect(seen.vanished.n, told).toBeGreaterThan(0)
})
