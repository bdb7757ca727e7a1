import type { WriteBatch } from '../../batch/write-batch.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'

/** Fill of a memtable at which the next one is prepared. */
const preparedFill = 0.5

export interface RotationParts {
  readonly log: WriteAheadLog
  readonly trees: TreeRegistry
  readonly scheduler: Scheduler
  /** Throws LOCKED when the directory has another owner. */
  readonly newLogNumber: () => number
}

/**
 * Seals full memtables and begins the next log, always both together: a flushed memtable then frees
 * whole logs.
 *
 * Owned by: the commit pipeline.
 */
export class Rotation {
  /** The next memtables have their memory, and flushes have a thread. */
  private isPrepared = false

  constructor(private readonly parts: RotationParts) {}

  /** Whether the batch does not fit into some active memtable. */
  isNeededFor(batch: WriteBatch): boolean {
    const { payloadBytes, count } = batch
    for (const tree of this.parts.trees) if (!tree.hasRoomFor(payloadBytes, count)) return true
    return false
  }

  /** Makes room for the batch. */
  makeRoomFor(batch: WriteBatch): void {
    if (!this.isPrepared) this.prepare()
    if (this.isNeededFor(batch)) this.run(batch.payloadBytes, batch.count)
  }

  /** Seals the memtables that hold anything, for their flush. */
  sealFilled(): void {
    if (this.parts.trees.hasUnflushed) this.run(0, 0)
  }

  /**
   * Does one step of the preparation per commit, half-way to the next rotation. Without it, the
   * commit that fills a memtable would touch fresh memory and start a thread, and block the event
   * loop longer than any other.
   */
  private prepare(): void {
    const { trees, scheduler } = this.parts
    for (const tree of trees) {
      if (tree.activeFill < preparedFill) continue
      if (tree.prepareRotation()) return
      this.isPrepared = true
      scheduler.prepare()
    }
  }

  private run(payloadBytes: number, operations: number): void {
    const { log, trees, scheduler, newLogNumber } = this.parts
    log.rotate(newLogNumber())
    for (const tree of trees) tree.rotate(payloadBytes, operations)
    this.isPrepared = false
    scheduler.pump()
  }
}
