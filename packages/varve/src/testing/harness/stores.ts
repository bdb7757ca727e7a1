import assert from 'node:assert/strict'
import type { KeyValueStore } from '../../index.js'
import type { Write } from '../kit/oracle.js'
import type { BinaryDatabase, BinaryKeyspace, BinaryOperation } from './binary-stores.js'
import { type KeyspaceShape, optionsOf } from './keyspace-shape.js'

export type BinaryStore = KeyValueStore<Uint8Array, Uint8Array>

/**
 * The stores of a database by their number in the model: 0 is the database itself. Opens keyspaces
 * when they are used, and creates those that are missing.
 *
 * Owned by: a test. Lives: as long as the open database.
 */
export class Stores {
  private readonly keyspaces = new Map<number, BinaryKeyspace>()
  /** The drops of each keyspace. A snapshot that is older than the last one sees nothing in it. */
  private readonly drops = new Map<number, number>()

  constructor(
    readonly db: BinaryDatabase,
    private readonly shapes: readonly KeyspaceShape[],
  ) {}

  /** Numbers of all stores. */
  get all(): number[] {
    return [0, ...this.shapes.map((_, i) => i + 1)]
  }

  /** Requires: `open` was called for it since its last drop. */
  of(keyspace = 0): BinaryStore & Pick<BinaryDatabase, 'flush' | 'compact' | 'levels'> {
    if (keyspace === 0) return this.db
    const store = this.keyspaces.get(keyspace)
    assert.ok(store !== undefined, `keyspace ${keyspace} is not open`)
    return store
  }

  isOpen(keyspace: number): boolean {
    return keyspace === 0 || this.keyspaces.has(keyspace)
  }

  async open(keyspaces: Iterable<number>): Promise<void> {
    for (const keyspace of new Set(keyspaces)) {
      if (this.isOpen(keyspace)) continue
      const shape = this.shapes[keyspace - 1]
      const store = (await this.db.keyspace(shape.name, optionsOf(shape))) as BinaryKeyspace
      this.keyspaces.set(keyspace, store)
    }
  }

  /** Requires: it is open. */
  drop(keyspace: number): Promise<void> {
    const store = this.keyspaces.get(keyspace)!
    this.keyspaces.delete(keyspace)
    this.drops.set(keyspace, this.dropsOf(keyspace) + 1)
    return store.drop()
  }

  dropsOf(keyspace: number): number {
    return this.drops.get(keyspace) ?? 0
  }

  /** The operations of a batch of the store. Requires: its keyspaces are open. */
  operationsOf(writes: readonly Write[], batchOf = 0): BinaryOperation[] {
    return writes.map((write) => {
      assert.ok(write.type === 'put' || write.type === 'del', 'a batch has puts and deletes')
      const { keyspace = 0 } = write
      const key = Buffer.from(write.key, 'latin1')
      const where = keyspace === batchOf ? {} : { keyspace: this.of(keyspace) }
      return write.type === 'put'
        ? { type: 'put', key, value: write.value, ...ttlOf(write), ...where }
        : { type: 'del', key, ...where }
    })
  }
}

/** The TTL to pass with a put. */
export function ttlOf({ ttlMs, hasDefaultTtl }: { ttlMs?: number; hasDefaultTtl?: boolean }): {
  ttlMs?: number
} {
  return ttlMs === undefined || hasDefaultTtl === true ? {} : { ttlMs }
}

export function keyspacesIn(writes: readonly Write[]): number[] {
  return writes.map(({ keyspace = 0 }) => keyspace)
}
