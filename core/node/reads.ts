/**
 * What one request has read of the tree, as tags: `n7` node 7 itself, `c7` the list of its children. A cached
 * page is dropped when one of its tags is notified. Reads that leave no tag (a plugin's own SQL) make the page
 * one that is not cached.
 */
export class Reads {
  readonly tags = new Set<string>()
  untracked = false

  node(id: number): void {
    this.tags.add(`n${id}`)
  }

  children(id: number): void {
    this.tags.add(`c${id}`)
  }
}
