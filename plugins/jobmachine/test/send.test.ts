import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { DjetError } from '../../../core/index.ts'
import { defineJob, type ParamsOf, type SentTask, send, sendByName, sendMany, taskView } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { invoice } from './trial.ts'

describe('send', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
  })
  afterAll(() => site.close())

  const count = async (): Promise<number> => {
    const [row] = await site.djet.query<{ n: number }>('select count(*) as n from jobmachine.task')
    return row!.n
  }

  it('takes the parameters of the job and nothing else', () => {
    expectTypeOf<ParamsOf<typeof invoice>>().toEqualTypeOf<{ orderId: number; note?: string | undefined }>()
    expectTypeOf(send<typeof invoice.params>).returns.resolves.toEqualTypeOf<SentTask>()
    // @ts-expect-error orderId is a number
    const wrong = () => send(site.djet, invoice, { orderId: 'seven' })
    expect(wrong).toBeTypeOf('function')
  })

  it('gives the id and the address of the task', async () => {
    const task = await send(site.djet, invoice, { orderId: 7 })
    expect(task.url).toBe(`/jobs/task/${task.id}`)
    expect(await taskView(site.djet, task.id)).toMatchObject({
      class: 'trial.invoice',
      title: 'Invoice for order 7',
      status: 'waiting',
      parameters: { orderId: 7 },
      priority: 5,
      attempt: 0,
    })
  })

  it('leaves nothing behind when the transaction is rolled back', async () => {
    const before = await count()
    const work = site.djet.transaction(async (djet) => {
      await send(djet, invoice, { orderId: 1 })
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(await count()).toBe(before)
  })

  it('refuses parameters that do not fit, naming the field, before anything is stored', async () => {
    const before = await count()
    const error = await sendByName(site.djet, 'trial.invoice', '{"orderId":"x"}').catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DjetError)
    expect(error).toMatchObject({ code: 'JOB_PARAMS_INVALID', status: 422 })
    expect((error as DjetError).fields).toHaveProperty('orderId')
    expect(await count()).toBe(before)
  })

  it('says which of many parameters does not fit', async () => {
    const before = await count()
    const bad = [{ orderId: 1 }, { orderId: 2 }, { orderId: 2.5 }]
    await expect(sendMany(site.djet, invoice, bad)).rejects.toThrow('task 3: parameters of')
    expect(await count()).toBe(before)
  })

  it('sends many in order', async () => {
    const tasks = await sendMany(
      site.djet,
      invoice,
      Array.from({ length: 5001 }, (_, n) => ({ orderId: n })),
    )
    expect(tasks).toHaveLength(5001)
    const last = await taskView(site.djet, tasks[5000]!.id)
    expect(last?.parameters).toEqual({ orderId: 5000 })
  })

  it('can wait, with a priority of its own', async () => {
    const task = await send(
      site.djet,
      invoice,
      { orderId: 7 },
      { runAfter: '1h', priority: -3, title: 'Later' },
    )
    const view = await taskView(site.djet, task.id)
    expect(view).toMatchObject({ priority: -3, title: 'Later' })
    expect(Number(view!.runAfter) - view!.created.getTime()).toBe(3_600_000)
  })

  it('by name: suggests the class that was meant and names broken JSON', async () => {
    await expect(sendByName(site.djet, 'trial.invoce', '{}')).rejects.toThrow("Did you mean 'trial.invoice'?")
    await expect(sendByName(site.djet, 'trial.invoice', '{oops')).rejects.toMatchObject({
      code: 'JSON_INVALID',
    })
  })

  it('refuses parameters that JSON would change', async () => {
    const dated = defineJob('trial.dated', () => {}, { params: z.object({ day: z.date() }) })
    await expect(send(site.djet, dated, { day: new Date() })).rejects.toThrow('day:')
  })
})
