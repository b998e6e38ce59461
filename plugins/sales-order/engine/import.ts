import {
  allow,
  type Djet,
  DjetError,
  defineEngine,
  type EngineContext,
  type EngineMiddleware,
  type StoredFile,
  upload,
  wantsJson,
} from '../../../core/index.ts'
import { type SentTask, send } from '../../jobmachine/index.ts'
import { upload as uploadType } from '../basetypes.ts'
import * as jobs from '../jobs.ts'
import { checkHeader } from '../model/import/check-header.ts'
import type { FileKind } from '../model/import/file-kinds.ts'
import type { ImportOptions } from '../model/index.ts'

/** Largest file taken, in bytes. */
export const LARGEST_UPLOAD = 100 * 1024 * 1024

/** The files of a form by name of their field. */
type FileIds = Readonly<Record<string, string>>

interface ImportForm {
  /** Which of the page's forms, and the last word of the address it is posted to. */
  readonly name: string
  readonly fields: readonly { readonly name: FileKind; readonly required: boolean }[]
  send(djet: Djet, files: FileIds, options: ImportOptions): Promise<SentTask>
}

const forms: readonly ImportForm[] = [
  {
    name: 'customers',
    fields: [{ name: 'customers', required: true }],
    send: (djet, { customers = '' }, options) => send(djet, jobs.importCustomers, { customers, ...options }),
  },
  {
    name: 'products',
    fields: [
      { name: 'products', required: true },
      { name: 'categories', required: false },
    ],
    send: (djet, { products = '', categories }, options) =>
      send(djet, jobs.importProducts, {
        products,
        ...(categories === undefined ? {} : { categories }),
        ...options,
      }),
  },
  {
    name: 'orders',
    fields: [
      { name: 'orders', required: true },
      { name: 'details', required: true },
    ],
    send: (djet, { orders = '', details = '' }, options) =>
      send(djet, jobs.importOrders, { orders, details, ...options }),
  },
]

/** `/orders/import`: takes files, keeps each as a node below it, and sends the job that imports them. */
export const importEngine = defineEngine((router) => {
  router.get('/', (ctx) => renderForm(ctx, {}))
  for (const form of forms) {
    router.post(
      `/${form.name}`,
      allow('edit'),
      tellAtForm(form),
      upload({ maxFileSize: LARGEST_UPLOAD }),
      async (ctx) => receive(ctx, form),
    )
  }
})

async function receive(ctx: EngineContext, form: ImportForm): Promise<void> {
  const errors: Record<string, string> = {}
  const files = new Map<string, StoredFile>()
  for (const { name, required } of form.fields) {
    const file = ctx.files[name]?.[0]
    if (file === undefined) {
      if (required) errors[name] = 'Choose a file.'
      continue
    }
    files.set(name, file)
    const problem = await checkHeader(ctx.djet, file.id, name)
    if (problem !== undefined) errors[name] = problem
  }
  if (Object.keys(errors).length > 0) {
    if (wantsJson(ctx)) {
      throw new DjetError('FORM_INVALID', 'nothing was imported.', { status: 422, fields: errors })
    }
    return renderForm(ctx, { form, errors, status: 422 })
  }
  const options: ImportOptions = {
    dryRun: ctx.form.dryRun !== undefined && ctx.form.dryRun !== '' && ctx.form.dryRun !== 'false',
    onError: ctx.form.onError === 'stop' ? 'stop' : 'skip',
    language: ctx.djet.texts.language,
  }
  const task = await ctx.djet.transaction(async (djet) => {
    for (const file of files.values()) await keepUpload(djet, ctx.node.id, file)
    return form.send(djet, Object.fromEntries([...files].map(([name, { id }]) => [name, id])), options)
  })
  ctx.seeOther(task.url)
}

/** One node for each uploaded file, below the import page. */
async function keepUpload(djet: Djet, parent: number, file: StoredFile): Promise<void> {
  await djet.files.keep(file.id)
  await djet.nodes.insert(parent, {
    basetype: uploadType,
    part: `${djet.app.zone.day(Date.now())}-${file.id}`,
    name: file.name,
    data: { file: file.id, type: file.type, size: file.size },
  })
}

/** A file that is too large, or not what its name says, comes back as the form with a message at its field; programs get the error itself. */
function tellAtForm(form: ImportForm): EngineMiddleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const ofFile = error instanceof DjetError && [413, 422].includes(error.status) && error.fields
      if (!ofFile || wantsJson(ctx)) throw error
      await renderForm(ctx as EngineContext, {
        form,
        errors: error.fields ?? {},
        status: error.status,
      })
    }
  }
}

/** The page with its forms; the one that failed comes back filled in as far as a browser lets it. */
async function renderForm(
  ctx: EngineContext,
  failed: { form?: ImportForm; errors?: Readonly<Record<string, string>>; status?: number },
): Promise<void> {
  ctx.status = failed.status ?? 200
  const errors = failed.errors ?? {}
  await ctx.render(undefined, {
    failed: failed.form?.name ?? null,
    errors,
    values: failed.form === undefined ? {} : { dryRun: ctx.form.dryRun, onError: ctx.form.onError },
    maxSize: LARGEST_UPLOAD,
    uploads: await ctx.payload.children,
  })
}
