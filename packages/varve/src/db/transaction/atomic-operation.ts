import { invalidArgument } from '../../base/errors.js'
import { describe } from '../../batch/encoding.js'
import type { PutOptions, WriteOptions } from '../api.js'
import type { AnyStore } from '../keyspace-types.js'
import type { KeyValueStore } from '../key-value-store.js'
import { syncOf } from '../write/write-options.js'
import type { Transaction, TransactionStore } from './transaction.js'
import { versionError } from './transaction-errors.js'

/** What an atomic operation does in its transaction. */
interface Steps {
  readonly begin: () => Transaction<unknown, unknown>
  /** Undefined for the default keyspace. Throws if the keyspace is not of this database. */
  readonly nameOf: (keyspace: AnyStore) => string | undefined
  readonly checks: ((tx: Transaction<unknown, unknown>) => Promise<void>)[]
  readonly writes: ((tx: Transaction<unknown, unknown>) => void)[]
}

/**
 * Checks and writes that are committed together: all writes, if every check holds, or none.
 *
 * ```ts
 * const { value, version } = await db.getWithVersion('counter')
 * await db.atomic().check('counter', version).put('counter', (value ?? 0) + 1).commit()
 * ```
 */
export class AtomicOperation<K, V> {
  /** Created by `db.atomic()`. `storeIn`: the store that it checks and writes. */
  constructor(
    private readonly steps: Steps,
    private readonly storeIn: (tx: Transaction<unknown, unknown>) => TransactionStore<K, V>,
    private readonly keyspaceName?: string,
  ) {}

  /**
   * Requires that `key` has this version, which `getWithVersion` returns. Null requires that it has
   * no value.
   */
  check(key: K, version: number | null): this {
    if (version !== null && !(Number.isSafeInteger(version) && version >= 0)) {
      const message = `'version' must come from getWithVersion or be null, not ${describe(version)}`
      throw invalidArgument(message, 'version')
    }
    this.steps.checks.push(async (tx) => {
      const found = (await this.storeIn(tx).getWithVersion(key)).version
      if (found !== version) throw versionError(key, this.keyspaceName, version, found)
    })
    return this
  }

  /** Sets the value of `key`, if all checks hold. */
  put(key: K, value: V, options?: PutOptions): this {
    this.steps.writes.push((tx) => this.storeIn(tx).putSync(key, value, options))
    return this
  }

  /** Deletes `key`, if all checks hold. */
  del(key: K): this {
    this.steps.writes.push((tx) => this.storeIn(tx).delSync(key))
    return this
  }

  /**
   * The same operation, for checks and writes of another keyspace.
   *
   * ```ts
   * const taken = db.atomic().check('ann@example.org', null).put('ann@example.org', 'ann')
   * await taken.keyspace(users).put('ann', { name: 'Ann' }).commit()
   * ```
   *
   * @throws INVALID_ARGUMENT if it is not of this database, CLOSED if it was dropped
   */
  keyspace<K2, V2>(keyspace: KeyValueStore<K2, V2>): AtomicOperation<K2, V2> {
    const name = this.steps.nameOf(keyspace)
    return new AtomicOperation(this.steps, (tx) => tx.keyspace(keyspace), name)
  }

  /**
   * Commits the writes if all checks hold. Can be called again, for example after a failure.
   *
   * @throws CONFLICT if a check does not hold (nothing was written), and the errors of `put`
   */
  async commit(options?: WriteOptions): Promise<void> {
    syncOf(options)
    const { begin, checks, writes } = this.steps
    const tx = begin()
    try {
      for (const check of checks) await check(tx)
      for (const write of writes) write(tx)
      await tx.commit(options)
    } finally {
      tx.rollback()
    }
  }
}
