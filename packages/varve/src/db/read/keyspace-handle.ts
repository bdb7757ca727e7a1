import { VarveError } from '../../base/errors.js'
import type { Tree } from '../../tree/tree.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { CurrentTree, ReadCounts } from './read-core.js'

/**
 * The state of an open keyspace, which all its views share.
 *
 *     open ──drop()──▶ dropping ──▶ dropped
 *       ▲                  │
 *       └───── failed ─────┘
 *
 * Owned by: the database. Lives: until the keyspace is dropped.
 */
export class KeyspaceHandle {
  readonly current: CurrentTree<Tree>
  readonly counts: ReadCounts = { gets: 0, scans: 0, scannedEntries: 0 }
  private state: 'open' | 'dropping' | 'dropped' = 'open'

  constructor(
    readonly id: number,
    readonly name: string,
    tree: Tree,
    trees: TreeRegistry,
  ) {
    this.current = { tree, trees }
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** Throws CLOSED if the keyspace is dropped or being dropped. */
  assertOpen(): void {
    if (this.state === 'open') return
    const message = `keyspace '${this.name}' was dropped; db.keyspace creates a new one`
    throw new VarveError('CLOSED', message)
  }

  beginDrop(): void {
    this.state = 'dropping'
  }

  endDrop(isDropped: boolean): void {
    this.state = isDropped ? 'dropped' : 'open'
  }

  /** Called when a read-only database has caught up with the owner. */
  moveTo(trees: TreeRegistry): void {
    const tree = trees.get(this.id)
    if (tree === undefined) this.state = 'dropped'
    else {
      this.current.tree = tree
      this.current.trees = trees
    }
  }
}
