import { assert } from '../base/assert.js'
import { defaultKeyspace } from '../version/version-edit.js'
import type { Tree } from './tree.js'

/**
 * The trees of a database, by keyspace. All share one sequence of logs.
 *
 * A database may have thousands of keyspaces, most of them idle. Code that runs for every commit or
 * job therefore looks only at the default tree and at the trees in `filled`, `sealed` and `due`.
 *
 * Owned by: the database. Lives: as long as the Versions that the trees read.
 */
export class TreeRegistry implements Iterable<Tree> {
  /** Other trees with entries that are not in a table yet. */
  readonly filled = new Set<Tree>()
  /** Other trees with a sealed memtable. */
  readonly sealed = new Set<Tree>()
  /** Other trees that may need a compaction. */
  readonly due = new Set<Tree>()
  /** Table blocks searched by point reads of trees that were removed since. */
  removedBlocksTouched = 0
  private readonly trees = new Map<number, Tree>()

  get(keyspace: number): Tree | undefined {
    return this.trees.get(keyspace)
  }

  /** The tree of the default keyspace. */
  get main(): Tree {
    return this.trees.get(defaultKeyspace)!
  }

  /** Whether the default keyspace is the only one. */
  get isSingle(): boolean {
    return this.trees.size === 1
  }

  [Symbol.iterator](): Iterator<Tree> {
    return this.trees.values()
  }

  /** Requires: no other tree has the keyspace. */
  add(tree: Tree): void {
    assert(!this.trees.has(tree.keyspace), 'a keyspace has only one tree')
    this.trees.set(tree.keyspace, tree)
  }

  /** Removes a tree without closing it. */
  remove(tree: Tree): void {
    this.removedBlocksTouched += tree.blocksTouched
    this.trees.delete(tree.keyspace)
    for (const noted of [this.filled, this.sealed, this.due]) noted.delete(tree)
  }

  /** The default tree, and all others with entries that are not in a table yet. */
  *unflushed(): Generator<Tree> {
    yield this.main
    yield* this.filled
  }

  get hasUnflushed(): boolean {
    for (const tree of this.unflushed()) if (tree.hasUnflushed) return true
    return false
  }

  some(test: (tree: Tree) => boolean): boolean {
    for (const tree of this.trees.values()) if (test(tree)) return true
    return false
  }

  /** Called before the first write to an empty tree. */
  noteWritten(tree: Tree): void {
    if (tree.keyspace !== defaultKeyspace) this.filled.add(tree)
  }

  /** Seals the active memtable of a tree; see `Tree.rotate`. */
  rotate(tree: Tree, payloadBytes: number, operations: number): void {
    tree.rotate(payloadBytes, operations)
    if (tree.keyspace !== defaultKeyspace && tree.sealedCount > 0) this.sealed.add(tree)
  }

  /** Called after a flush or compaction of a tree, whether it was installed or failed. */
  noteJobEnd(tree: Tree): void {
    if (tree.keyspace === defaultKeyspace || this.trees.get(tree.keyspace) !== tree) return
    if (tree.sealedCount === 0) this.sealed.delete(tree)
    if (!tree.hasUnflushed) this.filled.delete(tree)
    this.due.add(tree)
  }

  /** Called when something other than a job may have made a compaction due. */
  noteAllDue(): void {
    for (const tree of this.trees.values()) {
      if (tree.keyspace !== defaultKeyspace && tree.hasTables) this.due.add(tree)
    }
  }

  /**
   * The first log that any tree needs, if `tree` needs none below `firstLog` (undefined: no log). A
   * tree needs the logs of its unflushed entries. Undefined if no tree needs a log.
   */
  firstNeededLog(tree?: Tree, firstLog?: number): number | undefined {
    let needed = firstLog
    for (const other of this.unflushed()) {
      const first = other === tree ? firstLog : other.firstUnflushedLog
      if (first !== undefined) needed = Math.min(first, needed ?? first)
    }
    return needed
  }

  /** Requires: no readers are left. */
  close(): void {
    for (const tree of this.trees.values()) tree.close()
  }
}
