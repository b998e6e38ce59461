import {
  allow,
  buildBasetype,
  DjetError,
  type EngineContext,
  type EngineRouter,
  KINDS,
  MOST_FIELDS,
  messageOf,
  sentence,
  wantsJson,
} from '../../../core/index.ts'
import { send } from '../../jobmachine/index.ts'
import { changeTypeJob } from '../change-type.ts'
import { basetypeLine, basetypeLines } from '../model/basetypes.ts'
import { changeType, createType, previewType, removeType } from '../model/types/change.ts'
import { typeDifferences } from '../model/types/differences.ts'
import { DRIFT_LOOKED_AT, isDrifting } from '../model/types/drift.ts'
import { exportType } from '../model/types/export.ts'
import {
  requireStored,
  type StoredType,
  storedType,
  type TypeVersion,
  typeVersions,
} from '../model/types/stored.ts'
import { orFlash, text } from './form.ts'
import { EMPTY_FORM, formOf, readForm, requestOf, type TypeForm, type TypeRequest } from './type-form.ts'

/** What the nodes of the site may be: everybody here sees the list; making and changing needs `administer`. */
export function basetypeRoutes(router: EngineRouter): void {
  const asAdministrator = allow('administer')

  router.get('/basetypes', async (ctx) => {
    await ctx.render('admin/basetypes.eta', { basetypes: await basetypeLines(ctx.djet), isDrifting })
  })

  router.get('/basetypes/new', asAdministrator, async (ctx) => {
    await showForm(ctx, { form: await newForm(ctx), type: null })
  })
  router.post('/basetypes/new', asAdministrator, async (ctx) => {
    const form = readForm(ctx)
    if (ctx.form.do !== 'save') return showForm(ctx, { form, type: null })
    await orTypeForm(ctx, form, null, async () => {
      const { name } = await createType(ctx.djet, { name: form.name, ...requestOf(form), note: form.note })
      ctx.flash(`The type ${form.title} is made.`)
      ctx.seeOther(ctx.below(`/basetypes/${name}`))
    })
  })

  router.get('/basetypes/:name', asAdministrator, async (ctx) => {
    const name = ctx.params.name ?? ''
    const line = await basetypeLine(ctx.djet, name)
    const stored = await storedType(ctx.djet, name)
    const versions = await typeVersions(ctx.djet, name)
    if (line === null && versions.length === 0)
      throw new DjetError('BASETYPE_NOT_FOUND', `there is no type '${name.slice(0, 100)}'.`, { status: 404 })
    const values = { name, line, stored, versions: withChanges(name, versions), lookedAt: DRIFT_LOOKED_AT }
    await ctx.render('admin/basetype.eta', values)
  })

  router.get('/basetypes/:name/edit', asAdministrator, async (ctx) => {
    const type = await requireStored(ctx.djet, ctx.params.name ?? '')
    await showForm(ctx, { form: await beginning(ctx, type), type })
  })
  router.post('/basetypes/:name/edit', asAdministrator, async (ctx) => {
    const type = await requireStored(ctx.djet, ctx.params.name ?? '')
    const form = readForm(ctx)
    if (ctx.form.do !== 'preview') return showForm(ctx, { form, type })
    await orTypeForm(ctx, form, type, async () => {
      const request = requestOf(form)
      const ifVersion = beganWith(ctx) ?? type.version
      if (ifVersion !== type.version) throw changedMeanwhile(type)
      const report = await previewType(ctx.djet, type.name, request)
      const values = { type, form, report, request, began: ifVersion }
      await ctx.render('admin/basetype-preview.eta', values)
    })
  })
  router.post('/basetypes/:name/change', asAdministrator, async (ctx) => {
    const type = await requireStored(ctx.djet, ctx.params.name ?? '')
    // The same form again, hidden: what is wrong with it now is said where it was typed.
    const form = readForm(ctx)
    if (ctx.form.do === 'back') return showForm(ctx, { form, type })
    await orTypeForm(ctx, form, type, () => change(ctx, type, form, requestOf(form)))
  })

  router.get('/basetypes/:name/plugin.ts', asAdministrator, async (ctx) => {
    const { file, text } = await exportType(ctx.djet, ctx.params.name ?? '')
    ctx.attachment(file)
    ctx.set('Cache-Control', 'private, no-store')
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = text
  })

  router.post('/basetypes/:name/delete', asAdministrator, async (ctx) => {
    const name = ctx.params.name ?? ''
    await orFlash(ctx, ctx.below(`/basetypes/${encodeURIComponent(name)}`), async () => {
      await removeType(ctx.djet, name, beganWith(ctx))
      ctx.flash(`The type ${name} is deleted.`)
      return ctx.below('/basetypes')
    })
  })
}

/** States of a type with what each changed. */
function withChanges(name: string, versions: readonly TypeVersion[]) {
  const types = versions.map(({ definition, version }) => {
    try {
      return buildBasetype(name, definition, version)
    } catch {
      // Of an earlier Djet; there is nothing to compare.
      return undefined
    }
  })
  return versions.map((version, i) => {
    const [before, after] = [types[i + 1], types[i]]
    return { ...version, changes: before && after ? typeDifferences(before, after) : [] }
  })
}

/** At once, or by a task when very many nodes are to be gone through. */
async function change(
  ctx: EngineContext,
  type: StoredType,
  form: TypeForm,
  request: TypeRequest,
): Promise<void> {
  const { djet } = ctx
  const { name, version } = type
  const ifVersion = beganWith(ctx) ?? version
  if (ifVersion !== version) throw changedMeanwhile(type)
  const { byTask } = await previewType(djet, name, request)
  if (byTask) {
    const by = djet.user?.login ?? null
    const task = await send(djet, changeTypeJob, { name, ...request, ifVersion, note: form.note, by })
    ctx.flash(
      `Task ${task.id} changes the type ${form.title}; until it is done everything is as before.`,
      'notice',
    )
  } else {
    await changeType(djet, name, { ...request, ifVersion, note: form.note })
    ctx.flash(`The type ${form.title} is changed.`)
  }
  ctx.seeOther(ctx.below(`/basetypes/${name}`))
}

/** The form of a new type: empty, or as a deleted one was: `?from=recipe&version=3`. */
async function newForm(ctx: EngineContext): Promise<TypeForm> {
  const { from, version } = ctx.payload.query
  if (from === undefined) return EMPTY_FORM
  const found = (await typeVersions(ctx.djet, from)).find((one) => String(one.version) === version)
  return found ? formOf(from, found.definition, true) : EMPTY_FORM
}

/** The form of a type as it is, or as one of its versions was: `?version=3`. */
async function beginning(ctx: EngineContext, type: StoredType): Promise<TypeForm> {
  const asked = ctx.payload.query.version
  if (asked === undefined) return formOf(type.name, type.definition)
  const found = (await typeVersions(ctx.djet, type.name)).find(({ version }) => String(version) === asked)
  if (!found)
    throw new DjetError('VERSION_NOT_FOUND', `no version ${asked.slice(0, 20)} is kept.`, { status: 404 })
  const there = new Set(type.definition.fields.map(({ name }) => name))
  const form = formOf(type.name, found.definition)
  const rows = form.rows.map((row) => (there.has(row.name) ? row : { ...row, was: '' }))
  return { ...form, rows, note: `version ${asked}` }
}

function beganWith(ctx: EngineContext): number | undefined {
  const began = text(ctx, 'began')
  return /^\d{1,9}$/.test(began) ? Number(began) : undefined
}

function changedMeanwhile(type: StoredType): DjetError {
  const by = type.modifiedBy ?? 'the site itself'
  return new DjetError('TYPE_CHANGED', `${by} has changed this type in the meantime.`, {
    status: 409,
    details: { current: type },
  })
}

/** Does what the form asks for, or shows it again with what was typed and a message at each place. */
async function orTypeForm(
  ctx: EngineContext,
  form: TypeForm,
  type: StoredType | null,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const ofForm = error instanceof DjetError && [409, 422].includes(error.status)
    if (!ofForm || wantsJson(ctx)) throw error
    ctx.status = error.status
    const isLost = error.code === 'TYPE_CHANGED' && type !== null
    const current = isLost ? await requireStored(ctx.djet, type.name) : type
    await showForm(ctx, {
      form,
      type: current,
      errors: error.fields ?? {},
      problem: sentence(error.message),
      ...(isLost && current ? { conflict: conflictOf(current, form) } : {}),
    })
  }
}

/** What the other administrator saved, against what was typed here. */
function conflictOf(current: StoredType, form: TypeForm) {
  const by = current.modifiedBy ?? 'the site itself'
  try {
    const saved = buildBasetype(current.name, current.definition, 0)
    const typed = buildBasetype(current.name, { ...current.definition, ...requestOf(form).definition }, 0)
    return { by, differences: typeDifferences(saved, typed) }
  } catch (error) {
    return { by, differences: [{ place: 'form', before: '', after: messageOf(error) }] }
  }
}

interface Shown {
  readonly form: TypeForm
  readonly type: StoredType | null
  readonly errors?: Readonly<Record<string, string>>
  readonly problem?: string
  readonly conflict?: ReturnType<typeof conflictOf>
}

async function showForm(ctx: EngineContext, shown: Shown): Promise<void> {
  const { basetypes } = ctx.djet.app
  const types = [...basetypes.values()].map(({ name, title }) => ({ name, title }))
  const { name, title } = shown.form
  if (shown.type === null && name !== '') types.push({ name, title: title || name })
  types.sort((a, b) => a.title.localeCompare(b.title))
  await ctx.render('admin/basetype-form.eta', {
    errors: {},
    problem: '',
    conflict: null,
    ...shown,
    began: shown.conflict ? shown.type?.version : (beganWith(ctx) ?? shown.type?.version),
    types,
    kinds: [...KINDS.values()],
    most: MOST_FIELDS,
  })
}
