import {
  allow,
  auditActions,
  DjetError,
  DOORS,
  type Door,
  type EngineContext,
  type EngineRouter,
  listAudit,
} from '../../../core/index.ts'

/** Who did what, when, by which door. It needs `administer` at the admin node. */
export function auditRoutes(router: EngineRouter): void {
  router.get('/audit', allow('administer'), async (ctx) => {
    const { query } = ctx.payload
    const filter = {
      user: query.user?.trim() || undefined,
      action: query.action || undefined,
      door: (query.door || undefined) as Door | undefined,
      since: dayOf(ctx, query.since, 0),
      until: dayOf(ctx, query.until, 1),
      before: query.after || undefined,
    }
    const nodeId = await nodeIdOf(ctx, query.node?.trim() ?? '')
    const audit =
      nodeId === null
        ? { items: [], next: null }
        : await listAudit(ctx.djet, { ...filter, ...(nodeId === undefined ? {} : { nodeId }) })
    const actions = await auditActions(ctx.djet)
    await ctx.render('admin/audit.eta', { audit, actions, doors: DOORS, filter: query })
  })
}

/** The node a filter names by path or id; undefined: none is named; null: there is none. */
async function nodeIdOf({ djet }: EngineContext, text: string): Promise<number | undefined | null> {
  if (text === '') return undefined
  // A node that is gone is still known by its id.
  if (/^\d{1,9}$/.test(text)) return Number(text)
  return (await djet.asSystem().nodes.get(text))?.id ?? null
}

/** The beginning of a day of a filter, or of one some days later. @throws {DjetError} AUDIT_FILTER, 400 */
function dayOf({ djet }: EngineContext, text: string | undefined, later: number): Date | undefined {
  if (text === undefined || text === '') return undefined
  try {
    return djet.app.zone.startOf(text, later)
  } catch (cause) {
    throw new DjetError('AUDIT_FILTER', `'${text.slice(0, 40)}' is no date such as 2026-03-31.`, {
      status: 400,
      cause,
    })
  }
}
