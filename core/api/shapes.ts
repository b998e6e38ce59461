import { z } from 'zod'
import { time } from './json-schema.ts'
import { problemSchema } from './problem.ts'

const id = () => z.int().min(1).max(2_147_483_647)
const by = () => z.string().nullable().describe('Login; null: the site itself.')
const data = () => z.record(z.string(), z.unknown())
const status = () => z.enum(['draft', 'published', 'unpublished'])

/** A node by id or path, as bodies name it. */
export const nodeRef = z
  .union([id(), z.string().regex(/^\//, 'must be a path that begins with /')], {
    error: 'must be the id or the path of a node',
  })
  .describe('Id or path of a node.')

/** One line of text. */
export const line = () => z.string().trim().min(1).max(255)

/** Paging of a list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(1000).optional().describe('How many; 50 when absent.'),
  after: z.string().optional().describe('From `next` of the page before.'),
}

/** Rules of a node: role -> permissions. */
export const aclSchema = z.record(
  z
    .string()
    .regex(/^[\p{L}\p{N}_.-]{1,60}$/u, "is no role: that is a word of letters, digits, '-', '_' and '.'")
    .refine((role) => role !== 'admin', 'may do everything everywhere; no rule changes that'),
  z.array(z.string().regex(/^(\*|[a-z][\w.-]{0,59})$/, 'is no permission')),
)

const version = {
  id: z.string().describe('`5`, or of a draft `5.2`.'),
  version: z.int(),
  draft: z.int(),
  current: z.boolean(),
  open: z.boolean().describe('The draft that is being worked on.'),
  name: z.string(),
  title: z.string(),
  status: status(),
  saved: time(),
  savedBy: by(),
  note: z.string().nullable(),
}
const versionSchema = z.object({
  ...version,
  nodeId: id(),
  basetype: z.string(),
  part: z.string(),
  data: data(),
  acl: aclSchema.nullable().optional().describe('For those who may administer the node.'),
})

/** Schemas that the operations of core refer to. */
export const shapes: Readonly<Record<string, z.ZodType>> = {
  Problem: problemSchema,
  File: z.object({
    id: z.string(),
    name: z.string(),
    type: z.string().describe('Media type, by its bytes.'),
    size: z.int(),
    sha256: z.string(),
    created: time(),
  }),
  VersionInfo: z.object(version),
  Version: versionSchema,
  Difference: z.object({
    field: z.string().describe('`name`, `title`, `part`, `status`, `acl`, or `data.<name>`.'),
    title: z.string(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    text: z
      .array(z.object({ text: z.string(), kind: z.enum(['same', 'added', 'removed']) }))
      .optional()
      .describe('Of texts: piece by piece.'),
    paths: z
      .array(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
      .optional()
      .describe('Of structured data: each place that differs.'),
  }),
  PublishState: z.object({
    status: status(),
    hidden: z.boolean().describe('By itself or by a node above it.'),
    publishAt: time().nullable(),
    unpublishAt: time().nullable(),
    draft: versionSchema.nullable(),
  }),
  MoveReport: z.object({
    from: z.string(),
    to: z.string(),
    nodes: z.int().describe('How many get a new address.'),
    redirects: z.int(),
    problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  TrashItem: z.object({
    id: z.int(),
    nodeId: id(),
    path: z.string(),
    parentId: id(),
    part: z.string(),
    basetype: z.string(),
    name: z.string(),
    title: z.string(),
    nodes: z.int(),
    trashed: time(),
    trashedBy: by(),
  }),
  Redirect: z.object({
    id: z.int(),
    from: z.string(),
    to: z.string().nullable().describe('Path or URL; null: its node is in the trash.'),
    nodeId: id().nullable(),
    subtree: z.boolean(),
    created: time(),
    createdBy: by(),
  }),
  Explanation: z.object({
    permission: z.string(),
    allowed: z.boolean(),
    asked: z.string(),
    because: z.enum(['administrator', 'rule', 'denied', 'silent', 'hidden']),
    roles: z.array(
      z.object({
        role: z.string(),
        allowed: z.boolean(),
        path: z.string().optional(),
        source: z.enum(['node', 'basetype']).optional(),
      }),
    ),
  }),
  Me: z.object({
    user: z.object({ id: id(), login: z.string(), name: z.string(), roles: z.array(z.string()) }),
    token: z.object({ id: z.int(), name: z.string(), scopes: z.array(z.string()) }).nullable(),
  }),
}
