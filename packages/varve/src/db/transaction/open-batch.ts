import { PendingWrites, type PendingWritesHost } from './pending-writes.js'

/**
 * The writes of an IndexedWriteBatch. Reads see the newest state below them, and do not matter for
 * the commit.
 *
 * Owned by: the IndexedWriteBatch that the user holds. Lives: until commit or discard.
 */
export class OpenBatch extends PendingWrites {
  readonly reads = undefined

  constructor(private readonly batchHost: PendingWritesHost) {
    super(batchHost, 'this batch')
  }

  override get sequence(): number {
    return this.batchHost.pipeline.visibleSequence
  }

  protected override validate(): void {}

  protected override noteCommit(): void {}

  protected override release(): void {}
}
