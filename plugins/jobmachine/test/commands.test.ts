import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CommandContext, listAudit } from '../../../core/index.ts'
import { sendCommand } from '../commands.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

describe('djet send', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
  })
  afterAll(() => site.close())

  async function run(...args: string[]): Promise<string[]> {
    const lines: string[] = []
    const context: CommandContext = {
      args,
      dir: site.app.config.dir,
      open: async () => site.app,
      print: (line) => lines.push(line),
      signal: new AbortController().signal,
    }
    await sendCommand.run(context)
    return lines
  }

  it('sends a task and says where it is', async () => {
    const [line] = await run('jobmachine.echo', '{"a":1}', '--title', 'First try')
    expect(line).toMatch(/^task \d+ sent: \/jobs\/task\/\d+$/)
    const [task] = await site.djet.query('select title, parameters, reply from jobmachine.task')
    expect(task).toEqual({ title: 'First try', parameters: '{"a":1}', reply: false })
    const { items } = await listAudit(site.djet, { action: 'jobmachine.start' })
    expect(items).toMatchObject([{ data: { class: 'jobmachine.echo', title: 'First try' } }])
  })

  it('can wait for the results', async () => {
    const stop = await site.work()
    const lines = await run('jobmachine.echo', '{"b":2}', '--wait')
    expect(lines.slice(1)).toEqual(['{"b":2}', expect.stringMatching(/^task \d+ finished$/)])
    await expect(run('trial.hopeless', '{"how":"failed"}', '--wait')).rejects.toThrow(
      'the file has no header',
    )
    await stop()
  })

  it.each([
    [['jobmachine.ecko', '{}'], "Did you mean 'jobmachine.echo'?"],
    [['jobmachine.echo', '{a:1}'], "parameters for 'jobmachine.echo' are no JSON"],
    [['trial.invoice', '{}'], 'orderId:'],
    [['jobmachine.echo', '{}', '--now'], 'Usage: djet send'],
    [[], 'name a class'],
  ])('%j is refused in words', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message)
  })
})
