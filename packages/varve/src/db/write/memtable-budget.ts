import type { Tree } from '../../tree/tree.js'

/**
 * Bytes of writes in the active memtables of all keyspaces except the default one, which counts its
 * own. An upper bound: padding and failed commits are included.
 *
 * Owned by: the Rotation.
 */
export class MemtableBudget {
  totalBytes = 0
  private readonly held = new Map<Tree, number>()

  add(tree: Tree, bytes: number): void {
    this.totalBytes += bytes
    this.held.set(tree, (this.held.get(tree) ?? 0) + bytes)
  }

  /** Called when the active memtable of the tree was sealed, or the tree was dropped. */
  release(tree: Tree): void {
    this.totalBytes -= this.heldBy(tree)
    this.held.delete(tree)
  }

  heldBy(tree: Tree): number {
    return this.held.get(tree) ?? 0
  }

  trees(): Iterable<Tree> {
    return this.held.keys()
  }
}
