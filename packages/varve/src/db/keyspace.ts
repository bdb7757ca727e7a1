import { inspect, type InspectOptions } from 'node:util'
import type { DatabaseParts } from './open/database-parts.js'
import { findKeyspace } from './keyspaces/find-keyspace.js'
import { keyspaceStats } from './keyspaces/keyspace-stats.js'
import type { KeyspaceStats } from './api.js'
import { type ResolvedKeyspaceOptions, storedOptions } from './options/keyspace-options.js'
import { inspected } from './read/inspection.js'
import type { KeyspaceHandle } from './read/keyspace-handle.js'
import { Store } from './store.js'

/**
 * A keyspace of a database: a store with its own keys, encodings, compaction and default TTL.
 * Returned by `db.keyspace`; closes with the database.
 */
export class Keyspace<K, V> extends Store<K, V> {
  /** Use `db.keyspace`. */
  static async open<K, V>(
    parts: DatabaseParts,
    options: ResolvedKeyspaceOptions,
  ): Promise<Keyspace<K, V>> {
    const { catalog, current, keyspaces, core } = parts
    if (catalog === undefined) {
      const { versions, trees } = current.state
      return new Keyspace(parts, findKeyspace(versions, trees, keyspaces, options), options)
    }
    const opening = catalog.open(options)
    core.loads.add(opening)
    const handle = await opening.finally(() => core.loads.delete(opening))
    return new Keyspace(parts, handle, options)
  }

  private constructor(
    parts: DatabaseParts,
    private readonly handle: KeyspaceHandle,
    { keyEncoding, valueEncoding }: ResolvedKeyspaceOptions,
  ) {
    const { core } = parts
    const { id, current, counts } = handle
    const assertOpen = (): void => {
      core.assertOpen()
      handle.assertOpen()
    }
    const own = {
      keyspace: id,
      keyspaceName: handle.name,
      current,
      counts,
      keyEncoding,
      valueEncoding,
      assertOpen,
    }
    super(parts, { ...core, ...own }, ttlOf(handle.name, parts))
  }

  get name(): string {
    return this.handle.name
  }

  /**
   * Removes the keyspace and all its data, completely or not at all. From the call on, reads and
   * writes of the keyspace fail. Writes submitted before the call are removed, too. Iterators in
   * progress continue; the files are deleted when the last of them ends. The name can be used
   * again.
   *
   * @throws CLOSED if it was already dropped; INVALID_ARGUMENT in a read-only database; IO, and
   * then the keyspace is unchanged; POISONED
   */
  async drop(): Promise<void> {
    this.writer()
    const { catalog, core } = this.parts
    const dropping = catalog!.drop(this.handle)
    core.loads.add(dropping)
    return dropping.finally(() => core.loads.delete(dropping))
  }

  /** Figures of this keyspace; `db.stats()` has those of the whole database. */
  stats(): KeyspaceStats {
    this.readCore.assertOpen()
    return keyspaceStats(this.readCore.current.tree, this.handle.counts)
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { name, readCore, handle } = this
    const { keyEncoding, valueEncoding } = readCore
    const encodings = { keyEncoding: keyEncoding.name, valueEncoding: valueEncoding.name }
    return inspected('Keyspace', { name, ...encodings, isOpen: handle.isOpen }, depth, options)
  }
}

/** The default TTL in force, set now or by an earlier open. */
function ttlOf(name: string, { current }: DatabaseParts): number | undefined {
  const record = current.state.versions.keyspaceNamed(name)
  const ttlMs = record === undefined ? undefined : storedOptions(record).ttlMs
  return ttlMs === 0 ? undefined : ttlMs
}
