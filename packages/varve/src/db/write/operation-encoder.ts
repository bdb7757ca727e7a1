import type { Clock } from '../../base/clock.js'
import { invalidArgument } from '../../base/errors.js'
import type { Encoding } from '../../batch/encoding.js'
import { atIndex, keyError, valueError } from '../../batch/encoding-error.js'
import type { WriteBatch } from '../../batch/write-batch.js'
import { ValueKind } from '../../key/value-kind.js'
import type { BatchOperation } from '../api.js'
import type { AnyStore } from '../keyspace-types.js'
import { requireObject } from '../options/arguments.js'
import { expiryOf } from './write-options.js'

export interface OperationEncoderOptions {
  readonly keyspace: number
  readonly keyEncoding: Encoding<unknown>
  readonly valueEncoding: Encoding<unknown>
  readonly clock: Clock
  /** Default time to live of values; undefined if they do not expire. */
  readonly defaultTtlMs: number | undefined
}

type GivenOperation = BatchOperation<unknown, unknown> & { readonly keyspace?: AnyStore }

/**
 * Adds the operations of a keyspace to a batch. If one fails, the batch is unchanged.
 *
 * Owned by: a store. Its transactions use it as well.
 */
export class OperationEncoder {
  private readonly keyspace: number
  private readonly keyEncoding: Encoding<unknown>
  private readonly valueEncoding: Encoding<unknown>
  private readonly clock: Clock
  private readonly defaultTtlMs: number | undefined

  constructor(options: OperationEncoderOptions) {
    this.keyspace = options.keyspace
    this.keyEncoding = options.keyEncoding
    this.valueEncoding = options.valueEncoding
    this.clock = options.clock
    this.defaultTtlMs = options.defaultTtlMs
  }

  put(batch: WriteBatch, key: unknown, value: unknown, given: number | undefined): void {
    const { keyEncoding, valueEncoding } = this
    const ttlMs = given === undefined ? this.defaultTtlMs : given
    const expiresAtMs = ttlMs === undefined ? undefined : expiryOf(ttlMs, this.clock.wallMs())
    const kind = expiresAtMs === undefined ? ValueKind.put : ValueKind.putWithExpiry
    batch.begin(kind, this.keyspace)
    let hasKey = false
    try {
      keyEncoding.write(key, batch)
      batch.endKey()
      hasKey = true
      if (expiresAtMs !== undefined) batch.writeExpiry(expiresAtMs)
      valueEncoding.write(value, batch)
      batch.end()
    } catch (error) {
      batch.cancel()
      throw hasKey ? valueError(error, key, valueEncoding) : keyError(error, key, keyEncoding)
    }
  }

  del(batch: WriteBatch, key: unknown): void {
    const { keyEncoding } = this
    batch.begin(ValueKind.delete, this.keyspace)
    let hasKey = false
    try {
      keyEncoding.write(key, batch)
      batch.endKey()
      hasKey = true
      batch.end()
    } catch (error) {
      batch.cancel()
      throw hasKey ? error : keyError(error, key, keyEncoding)
    }
  }

  /**
   * Adds all operations or none. `encoderOf` returns the encoder of the keyspace that an operation
   * names.
   */
  all(
    batch: WriteBatch,
    operations: readonly unknown[],
    encoderOf: (keyspace: AnyStore) => OperationEncoder,
  ): void {
    if (!Array.isArray(operations)) throw invalidArgument('batch takes an array of operations')
    const mark = batch.mark()
    let index = 0
    try {
      for (; index < operations.length; index++) {
        const operation = operations[index] as GivenOperation
        requireObject(operation, 'an operation of a batch')
        const { keyspace } = operation
        const encoder = keyspace === undefined ? this : encoderOf(keyspace)
        if (operation.type === 'put') {
          encoder.put(batch, operation.key, operation.value, operation.ttlMs)
        } else if (operation.type === 'del') encoder.del(batch, operation.key)
        else throw invalidArgument(`an operation's type must be 'put' or 'del'`)
      }
    } catch (error) {
      batch.rollback(mark)
      throw atIndex(error, 'operations', index)
    }
  }
}
