import { assert } from '../base/assert.js'
import type { Tree } from './tree.js'

/**
 * The trees of a database, by keyspace. All share one sequence of logs.
 *
 * Owned by: the database. Lives: as long as the Versions that the trees read.
 */
export class TreeRegistry implements Iterable<Tree> {
  private readonly trees = new Map<number, Tree>()

  get(keyspace: number): Tree | undefined {
    return this.trees.get(keyspace)
  }

  [Symbol.iterator](): Iterator<Tree> {
    return this.trees.values()
  }

  /** Requires: no other tree has the keyspace. */
  add(tree: Tree): void {
    assert(!this.trees.has(tree.keyspace), 'a keyspace has one tree')
    this.trees.set(tree.keyspace, tree)
  }

  get hasUnflushed(): boolean {
    return this.some((tree) => tree.hasUnflushed)
  }

  some(test: (tree: Tree) => boolean): boolean {
    for (const tree of this.trees.values()) if (test(tree)) return true
    return false
  }

  /**
   * The first log with an entry that is in no table, if `tree` needs none below `firstLog`
   * (undefined: no log). Undefined when no tree needs a log.
   */
  firstNeededLog(tree: Tree, firstLog: number | undefined): number | undefined {
    let needed = firstLog
    for (const other of this.trees.values()) {
      const first = other === tree ? firstLog : other.firstUnflushedLog
      if (first !== undefined) needed = Math.min(first, needed ?? first)
    }
    return needed
  }

  /** Requires: no reader is left. */
  close(): void {
    for (const tree of this.trees.values()) tree.close()
  }
}
