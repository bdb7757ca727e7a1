import type { WriteBatch } from '../../batch/write-batch.js'

/**
 * A write whose operations are known only when its group closes. An example is a transaction, which
 * is checked against all earlier commits.
 */
export interface LateWrite {
  readonly sync: boolean
  /**
   * Adds the operations to the batch of the group. All earlier operations are in the conflict index
   * by then. Throws if the write is refused.
   */
  join(batch: WriteBatch): void
  /** Called if the write is refused or its group fails. */
  fail(error: unknown): void
  succeed(): void
}
