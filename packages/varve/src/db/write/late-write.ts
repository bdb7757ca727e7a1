import type { WriteBatch } from '../../batch/write-batch.js'

/**
 * A write whose operations are known only when its group closes: a transaction, which is checked
 * against everything that is committed before it.
 */
export interface LateWrite {
  readonly sync: boolean
  /**
   * Adds the operations to the batch of the group. All operations before them are recorded in the
   * conflict index. Throws if the write is refused.
   */
  join(batch: WriteBatch): void
  /** The write is refused, or its group has failed. */
  fail(error: unknown): void
  succeed(): void
}
