import { invalidArgument } from '../../base/errors.js'
import { describe } from '../../batch/encoding.js'
import type { PutOptions, WriteOptions } from '../api.js'
import { syncOf } from '../write/write-options.js'
import type { Transaction } from './transaction.js'
import { versionError } from './transaction-errors.js'

/**
 * Checks and writes that are committed together: all writes, if every check holds, or none.
 *
 * ```ts
 * const { value, version } = await db.getWithVersion('counter')
 * await db.atomic().check('counter', version).put('counter', (value ?? 0) + 1).commit()
 * ```
 */
export class AtomicOperation<K, V> {
  private readonly checks: { key: K; version: number | null }[] = []
  private readonly writes: ((tx: Transaction<K, V>) => void)[] = []

  /** Created by `db.atomic()`. */
  constructor(private readonly begin: () => Transaction<K, V>) {}

  /**
   * Requires that `key` has this version, which `getWithVersion` returns. Null requires that it has
   * no value.
   */
  check(key: K, version: number | null): this {
    if (version !== null && !(Number.isSafeInteger(version) && version >= 0)) {
      const message = `'version' must come from getWithVersion or be null, not ${describe(version)}`
      throw invalidArgument(message, 'version')
    }
    this.checks.push({ key, version })
    return this
  }

  /** Sets the value of `key`, if all checks hold. */
  put(key: K, value: V, options?: PutOptions): this {
    this.writes.push((tx) => tx.putSync(key, value, options))
    return this
  }

  /** Deletes `key`, if all checks hold. */
  del(key: K): this {
    this.writes.push((tx) => tx.delSync(key))
    return this
  }

  /**
   * Commits the writes if all checks hold. Can be called again, for example after a failure.
   *
   * @throws CONFLICT if a check does not hold (nothing was written), and the errors of `put`
   */
  async commit(options?: WriteOptions): Promise<void> {
    syncOf(options)
    const tx = this.begin()
    try {
      for (const { key, version } of this.checks) {
        const found = await tx.getWithVersion(key)
        if (found.version !== version) throw versionError(key, version, found.version)
      }
      for (const write of this.writes) write(tx)
      await tx.commit(options)
    } finally {
      tx.rollback()
    }
  }
}
