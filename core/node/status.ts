/**
 * Whether visitors see a node: `draft` was never published, `unpublished` was. What stands below a node that is
 * not published is hidden with it.
 */
export type NodeStatus = 'published' | 'draft' | 'unpublished'

/** Whether a node is hidden from those who may not edit it: itself or one above it is not published. */
export function isHidden(branch: readonly { readonly status?: NodeStatus }[]): boolean {
  for (const { status } of branch) if (status !== undefined && status !== 'published') return true
  return false
}
