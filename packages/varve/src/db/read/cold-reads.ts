import type { Clock } from '../../base/clock.js'

/** A synchronous read that takes longer than this on average is left to the thread pool. */
const slowReadMs = 0.25
/** How long the thread pool is used before synchronous reads are tried again. */
const asyncPeriodMs = 200
const smoothing = 0.1
/** A read counts as no more: whoever lost the processor once in the middle of it has no slow disk. */
const mostCountedMs = 1

/**
 * Decides how an asynchronous method fetches a block that is not in memory. A synchronous read takes a
 * few microseconds when the operating system holds the page, a trip through the thread pool ten times
 * that; a disk that has to be asked blocks the thread in the one case and nobody in the other.
 */
export class ColdReads {
  private averageMs = 0
  private asyncUntilMs = 0

  constructor(
    private readonly mode: 'auto' | 'sync' | 'async',
    private readonly clock: Clock,
  ) {}

  /** Whether the next cold read may block the thread. */
  mayBlock(): boolean {
    if (this.mode !== 'auto') return this.mode === 'sync'
    return this.asyncUntilMs === 0 || this.clock.monotonicMs() >= this.asyncUntilMs
  }

  /** Runs a lookup that reads synchronously, and learns from the time it takes. */
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
    // Half the way back, so that a few quick reads are enough to return to blocking ones.
    this.averageMs /= 2
  }
}
