import type { Clock } from '../../base/clock.js'
import type { MissingPiece } from '../../entry/missing-piece.js'
import type { ReadPace } from '../../sstable/read-queue.js'

/** Average duration of synchronous reads above which several at once use the thread pool. */
const poolPaysMs = 0.025
/** Of several reads at once, one in this number is synchronous, to notice when they are fast. */
const readsPerProbe = 64
/** Average duration of synchronous reads above which the thread pool is used instead. */
const slowReadMs = 0.25
/** How long the thread pool is used before synchronous reads are tried again. */
const asyncPeriodMs = 200
const smoothing = 0.1
/**
 * The longest duration that one read counts with: losing the processor during a read does not mean
 * that the disk is slow.
 */
const mostCountedMs = 1

/** How a read gets a piece that is not in memory. */
type ColdRead =
  /** Read the piece synchronously. */
  | 'block'
  /** Wait for the piece. A read that has waited often enough blocks for the rest. */
  | 'wait'
  /** Always wait, because the piece cannot be read synchronously. */
  | 'neverBlock'

/**
 * Decides how an asynchronous method fetches a block that is not in memory. A synchronous read
 * takes a few microseconds if the operating system has the page cached; the thread pool takes ten
 * times that. If the page must come from the disk, a synchronous read blocks the thread, and the
 * thread pool does not.
 *
 *     average of synchronous reads    one read at a time    several at once
 *     up to 0.025 ms                  blocks                block
 *     up to 0.25 ms                   blocks                thread pool
 *     above                           thread pool           thread pool
 */
export class ColdReads implements ReadPace {
  private averageMs = 0
  private asyncUntilMs = 0
  private readsToProbe = readsPerProbe

  constructor(
    private readonly mode: 'auto' | 'sync' | 'async',
    private readonly clock: Clock,
  ) {}

  /** How to get the next piece. A read that waits may still block in the queue of reads. */
  wayTo({ isAsyncOnly }: Pick<MissingPiece, 'isAsyncOnly'>): ColdRead {
    if (isAsyncOnly) return 'neverBlock'
    return this.mayBlock() && (this.mode === 'sync' || this.averageMs <= poolPaysMs)
      ? 'block'
      : 'wait'
  }

  /**
   * Whether the next cold read of a local table may block the thread, with this number of other
   * reads under way.
   */
  mayBlock(others = 0): boolean {
    if (this.mode !== 'auto') return this.mode === 'sync'
    if (this.asyncUntilMs > 0 && this.clock.monotonicMs() < this.asyncUntilMs) return false
    if (others === 0 || this.averageMs <= poolPaysMs) return true
    if (--this.readsToProbe > 0) return false
    this.readsToProbe = readsPerProbe
    return true
  }

  /** Runs a lookup that reads synchronously, and includes its duration in the average. */
  timed(read: () => void): void {
    if (this.mode !== 'auto') {
      read()
      return
    }
    const startMs = this.clock.monotonicMs()
    read()
    const endMs = this.clock.monotonicMs()
    const countedMs = Math.min(endMs - startMs, mostCountedMs)
    this.averageMs += (countedMs - this.averageMs) * smoothing
    if (this.averageMs <= slowReadMs) {
      this.asyncUntilMs = 0
      return
    }
    this.asyncUntilMs = endMs + asyncPeriodMs
    // Halve the average, so that a few fast reads are enough to return to blocking ones.
    this.averageMs /= 2
  }
}
