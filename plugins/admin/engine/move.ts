import {
  DjetError,
  type EngineContext,
  type EngineRouter,
  fits,
  type Node,
  type Place,
} from '../../../core/index.ts'
import { idOf, nodeOf, nowAt, orForm, text, treeUrl } from './form.ts'

/** Moving a node: choosing the place, seeing what it does, doing it. */
export function moveRoutes(router: EngineRouter): void {
  router.get('/node/:id/move', async (ctx) => {
    const { to, part, before, after } = ctx.payload.query
    await showMove(ctx, await nodeOf(ctx), { to, part, before, after })
  })

  router.post('/node/:id/move', async (ctx) => {
    const node = await nodeOf(ctx)
    const asked = {
      to: text(ctx, 'to'),
      part: text(ctx, 'part'),
      before: text(ctx, 'before'),
      after: text(ctx, 'after'),
    }
    await orForm(ctx, {
      show: () => showMove(ctx, node, asked),
      work: async () => {
        const moved = await ctx.djet.nodes.move(node, placeOf(node, asked))
        ctx.flash(moved.path === node.path ? `${moved.name} has its new place.` : nowAt(moved))
        ctx.seeOther(treeUrl(ctx, moved))
      },
    })
  })
}

/** A place as a form or a link says it. */
interface Asked {
  /** Path or id of the new parent. */
  readonly to?: string | undefined
  readonly part?: string | undefined
  /** Id of the sibling it is to stand before. */
  readonly before?: string | undefined
  readonly after?: string | undefined
}

function placeOf(node: Node, { to = '', part = '', before, after }: Asked): Place {
  const parent = to === '' ? node.parentId : (idOf(to) ?? to)
  if (parent === null) throw new DjetError('NODE_IS_ROOT', 'the root cannot be moved.', { status: 422 })
  const [first, last] = [idOf(before), idOf(after)]
  return {
    parent,
    ...(part === '' ? {} : { part }),
    ...(first === null ? (last === null ? {} : { after: last }) : { before: first }),
  }
}

async function showMove(ctx: EngineContext, node: Node, asked: Asked): Promise<void> {
  const place = placeOf(node, asked)
  const report = asked.to || asked.part ? await ctx.djet.nodes.moveReport(node, place) : null
  const target = await ctx.djet.nodes.get(place.parent!)
  await ctx.render('admin/move.eta', {
    moved: node,
    asked,
    report,
    target,
    choices: target ? await choicesAt(ctx, node, target, ctx.payload.query.after_choice) : null,
  })
}

/** Pages one step from the place looked at, where one may go on to choose; not the moved one itself. */
async function choicesAt(ctx: EngineContext, node: Node, target: Node, after: string | undefined) {
  const { basetypes } = ctx.djet.app
  const branch = await ctx.djet.nodes.branch(target)
  const { items, next } = await ctx.djet.nodes.children(branch, { limit: 50, ...(after ? { after } : {}) })
  const type = basetypes.get(node.basetype)
  const choice = (place: Node) => {
    const there = basetypes.get(place.basetype)
    return { node: place, mayHold: type !== undefined && there !== undefined && fits(type, there) }
  }
  // An open page may stand below a closed one.
  const above = branch.slice(1).filter((_, index) => ctx.djet.may('view', branch.slice(index + 1)))
  const mayHaveChildren = ({ basetype }: Node) => basetypes.get(basetype)?.children?.length !== 0
  return {
    above: above.reverse().map(choice),
    here: choice(target),
    below: items.filter((item) => item.id !== node.id && mayHaveChildren(item)).map(choice),
    next,
  }
}
