import { availableParallelism } from 'node:os'
import { DjetError, issueWords, z } from '../../core/index.ts'

const megabyte = 1024 * 1024

const schema = z.strictObject({
  /** Path of the first folder, whose parent must exist when the site is first set up. */
  path: z
    .string()
    .regex(/^(\/[^/\s?#\\]+)+$/, "must be a path such as '/files'")
    .default('/files'),
  /** Bytes of one file at most; `limits.upload` of the site when absent. */
  maxFileSize: z.int().positive().optional(),
  /** Bytes of one image at most. */
  maxImageSize: z
    .int()
    .positive()
    .default(40 * megabyte),
  /** Pixels of an image at most, over all its frames: a small file may hold very many. */
  maxPixels: z.int().min(1_000_000).default(60_000_000),
  /** Widths in pixels in which images are made. */
  widths: z.array(z.int().min(16).max(8000)).min(1).max(20).default([160, 320, 640, 960, 1280, 1920]),
  /** Crops of images, width to height, such as `16:9`. */
  ratios: z
    .array(z.string().regex(/^[1-9]\d?:[1-9]\d?$/, 'must be like 16:9'))
    .max(20)
    .default(['1:1', '4:3', '3:2', '16:9', '3:4']),
  /** Images that are made at the same time in one process. */
  atOnce: z
    .int()
    .min(1)
    .max(16)
    .default(Math.max(1, Math.floor(availableParallelism() / 2))),
})

export type FilesOptions = z.input<typeof schema>

/** The options of a site with every default. */
export type FilesSettings = Readonly<z.output<typeof schema>>

/** @throws {DjetError} FILES_OPTION_INVALID */
export function checkOptions(options: FilesOptions): FilesSettings {
  const result = schema.safeParse(options, { error: issueWords })
  if (result.success) return Object.freeze(result.data)
  const lines = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `files has no option '${issue.keys.join("', '")}'; it has: ${Object.keys(schema.shape).join(', ')}.`
      : `option '${issue.path.join('.')}' of files: ${issue.message}.`,
  )
  throw new DjetError('FILES_OPTION_INVALID', lines.join('\n  '))
}
