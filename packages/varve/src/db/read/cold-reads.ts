import type { Clock } from '../../base/clock.js'
import type { MissingPiece } from '../../entry/missing-piece.js'

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
 */
export class ColdReads {
  private averageMs = 0
  private asyncUntilMs = 0

  constructor(
    private readonly mode: 'auto' | 'sync' | 'async',
    private readonly clock: Clock,
  ) {}

  /** How to get the next piece. */
  wayTo({ isAsyncOnly }: Pick<MissingPiece, 'isAsyncOnly'>): ColdRead {
    if (isAsyncOnly) return 'neverBlock'
    return this.mayBlock() ? 'block' : 'wait'
  }

  /** Whether the next cold read of a local table may block the thread. */
  mayBlock(): boolean {
    if (this.mode !== 'auto') return this.mode === 'sync'
    return this.asyncUntilMs === 0 || this.clock.monotonicMs() >= this.asyncUntilMs
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
