import type { TreeRegistry } from '../../tree/tree-registry.js'
import { KeyspaceHandle } from './keyspace-handle.js'
import { noReads, type ReadCounts } from './read-core.js'

/**
 * The keyspaces that the program has opened, by id.
 *
 * Owned by: the database.
 */
export class OpenKeyspaces implements Iterable<KeyspaceHandle> {
  /** Reads of keyspaces that were dropped since open. */
  readonly dropped: ReadCounts = { ...noReads }
  private readonly handles = new Map<number, KeyspaceHandle>()

  /** Requires: the keyspace has a tree. */
  handleOf(id: number, name: string, trees: TreeRegistry): KeyspaceHandle {
    const known = this.handles.get(id)
    if (known !== undefined) return known
    const handle = new KeyspaceHandle(id, name, trees.get(id)!, trees)
    this.handles.set(id, handle)
    return handle
  }

  get(id: number): KeyspaceHandle | undefined {
    return this.handles.get(id)
  }

  [Symbol.iterator](): Iterator<KeyspaceHandle> {
    return this.handles.values()
  }

  forget(id: number): void {
    const counts = this.handles.get(id)?.counts ?? noReads
    this.dropped.gets += counts.gets
    this.dropped.scans += counts.scans
    this.dropped.scannedEntries += counts.scannedEntries
    this.handles.delete(id)
  }

  /** Called when a read-only database has caught up with the owner. */
  moveTo(trees: TreeRegistry): void {
    for (const handle of this.handles.values()) {
      handle.moveTo(trees)
      if (trees.get(handle.id) === undefined) this.forget(handle.id)
    }
  }
}
