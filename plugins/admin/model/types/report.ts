import { type Djet, isEmpty, messageOf, type SiteType } from '../../../../core/index.ts'
import { convert, type FieldPlan, planChange, type Renames, type TypePlan } from './plan.ts'

/** Nodes that are all looked at; of more only the first and the latest. */
export const MOST_LOOKED_AT = 20_000
/** Of very many, how many of each end. */
const ENDS = 5000
const BATCH = 1000
/** Nodes that are named for one thing. */
const EXAMPLES = 5

/** A node that a change concerns. */
export interface Example {
  readonly id: number
  readonly path: string
  readonly value: string
  readonly problem: string
}

/** What a change does to the values of one field, in the nodes that were looked at. */
export interface FieldReport {
  readonly plan: FieldPlan
  /** Nodes with a value. */
  values: number
  /** Values that the new rules refuse. */
  unfit: number
  /** Nodes that must be filled in at their next edit. */
  empty: number
  /** Nodes that get the default. */
  filled: number
  readonly examples: Example[]
}

/** What a change of a type does to the nodes that are there. */
export interface TypeReport {
  readonly plan: TypePlan
  /** Nodes there are, trash included; when `isMore`, at least that many. */
  readonly nodes: number
  readonly isMore: boolean
  /** Nodes whose values were looked at; fewer than all of very many. */
  readonly looked: number
  /** It is done by a task, since there are very many. */
  readonly byTask: boolean
  readonly fields: readonly FieldReport[]
  /** Nodes (of the latest) that stand where the type may not stand any more. They stay. */
  readonly misplaced: number
  /** Nodes (of the latest) with children of types that it no longer takes. They stay. */
  readonly refused: number
  /** There are more nodes than its new `max`. They stay. */
  readonly isOverMax: boolean
}

/** Looks through the nodes of a type for what a new definition would do to them. Changes nothing. */
export async function reportChange(
  djet: Djet,
  name: string,
  before: SiteType,
  after: SiteType,
  renames: Renames,
): Promise<TypeReport> {
  const plan = planChange(before, after, renames)
  const types = [name, `~${name}`]
  const [counted] = await djet.query<{ n: number }>(
    'select count(*) as n from (select from djet.node where basetype = any($1) limit $2) as counted',
    [types, MOST_LOOKED_AT + 1],
  )
  const isMore = (counted?.n ?? 0) > MOST_LOOKED_AT
  const fields = plan.fields
    .filter(({ change }) => change !== 'same')
    .map((one): FieldReport => ({ plan: one, values: 0, unfit: 0, empty: 0, filled: 0, examples: [] }))
  let looked = 0
  if (fields.length > 0) {
    const look = (rows: readonly Row[]): void => {
      looked += rows.length
      for (const row of rows) for (const field of fields) lookAt(field, row)
    }
    await eachBatch(djet, types, 'asc', isMore ? ENDS : MOST_LOOKED_AT, look)
    if (isMore) await eachBatch(djet, types, 'desc', ENDS, look)
  }
  const max = after.max ?? Number.POSITIVE_INFINITY
  return {
    plan,
    nodes: Math.min(counted?.n ?? 0, MOST_LOOKED_AT),
    isMore,
    looked,
    byTask: isMore && plan.touchesData,
    fields,
    ...(await placesOf(djet, name, after)),
    isOverMax: (counted?.n ?? 0) > max,
  }
}

interface Row {
  id: number
  path: string
  data: Record<string, unknown>
}

async function eachBatch(
  djet: Djet,
  types: readonly string[],
  order: 'asc' | 'desc',
  most: number,
  look: (rows: readonly Row[]) => void,
): Promise<void> {
  let last = order === 'asc' ? 0 : 2_147_483_647
  for (let seen = 0; seen < most; ) {
    djet.signal.throwIfAborted()
    const limit = Math.min(BATCH, most - seen)
    const rows = await djet.query<Row>(batchSql(order), [types[0], types[1], last, limit])
    look(rows)
    seen += rows.length
    if (rows.length < limit) return
    last = rows.at(-1)!.id
  }
}

/** One batch of the nodes of a type in order, in the tree or in the trash: a range of the index for each. */
function batchSql(order: 'asc' | 'desc'): string {
  const part = (type: string) => `(select id, path, data from djet.node
    where basetype = ${type} and id ${order === 'asc' ? '>' : '<'} $3 order by id ${order} limit $4)`
  return `${part('$1')} union all ${part('$2')} order by id ${order} limit $4`
}

function lookAt(report: FieldReport, { id, path, data }: Row): void {
  const { plan } = report
  const value = data[plan.from ?? plan.name]
  const note = (problem: string): void => {
    if (report.examples.length < EXAMPLES) report.examples.push({ id, path, value: shortOf(value), problem })
  }
  if (isEmpty(value)) {
    if (plan.field === null || !plan.field.required) return
    if (plan.fill !== undefined) report.filled++
    else if (plan.change === 'added' || report.plan.from !== null) {
      report.empty++
      note('must be filled in')
    }
    return
  }
  report.values++
  if (plan.field === null) return
  const problem = problemOf(plan, value)
  if (problem === undefined) return
  report.unfit++
  note(problem)
}

function problemOf({ field, converts, fromType, type }: FieldPlan, value: unknown): string | undefined {
  if (field === null) return undefined
  if (converts && fromType !== null && convert(value, fromType, type, field)) return undefined
  try {
    field.parse(value)
    return converts && fromType !== type ? 'cannot be read as that' : undefined
  } catch (error) {
    return messageOf(error)
  }
}

function shortOf(value: unknown): string {
  const text =
    value === undefined || value === null
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** Latest nodes of a type whose place is looked at. */
const PLACES_LOOKED_AT = 2000
/** Children of one of them that are looked at. */
const CHILDREN_LOOKED_AT = 50

/** Of the latest nodes of a type, how many stand or hold what they may not by its new definition. */
async function placesOf(
  djet: Djet,
  name: string,
  { parents, children }: SiteType,
): Promise<{ misplaced: number; refused: number }> {
  if (parents === null && children === null) return { misplaced: 0, refused: 0 }
  const nodes = await djet.query<{ id: number; parent: number | null }>(
    `select id, parent_id as parent from djet.node where basetype = $1 order by id desc limit ${PLACES_LOOKED_AT}`,
    [name],
  )
  const above = [...new Set(nodes.map(({ parent }) => parent).filter((id) => id !== null))]
  const wrong =
    parents === null
      ? []
      : await djet.query<{ id: number }>(
          'select id from djet.node where id = any($1) and basetype <> all($2)',
          [above, parents],
        )
  const wrongIds = new Set(wrong.map(({ id }) => id))
  const holders =
    children === null
      ? []
      : await djet.query(
          `select from unnest($1::int[]) as given (id) where exists (select from
             (select basetype from djet.node c where c.parent_id = given.id
              order by c.position, c.id limit ${CHILDREN_LOOKED_AT}) as below
             where below.basetype <> all($2))`,
          [nodes.map(({ id }) => id), children],
        )
  return {
    misplaced: nodes.filter(({ parent }) => parent !== null && wrongIds.has(parent)).length,
    refused: holders.length,
  }
}
