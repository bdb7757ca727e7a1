import type { Clock } from '../../base/clock.js'

/** Unused budget is kept so long, no longer: a burst stays a burst. */
const burstUs = 100_000n
/** Debts smaller than this are not worth a sleep. */
const minPauseMs = 1
/** One piece of a sleep: how late an abort, or a flush that arrives meanwhile, can be noticed. */
const maxPauseMs = 20

const Lane = { flush: 0, all: 1 } as const

/** Memory of a limiter; the limiters of several threads may share one. */
export function newRateCells(): BigInt64Array {
  return new BigInt64Array(new SharedArrayBuffer(Object.keys(Lane).length * 8))
}

/**
 * A token bucket over the bytes that flushes and compactions write, all threads of a database together.
 * Each cell holds the time until which its bytes are paid for, so a byte written moves it on:
 *
 *     flush   ───────────▶ paid until             a flush waits for the flushes before it, and no merge
 *     all     ─────────────────────▶ paid until   a merge waits for everybody
 *                     ▲ now
 *
 * Owned by: an executor, or one of its workers. Requires: the clock is the same for all who share the
 * cells.
 */
export class RateLimiter {
  /** Less than a microsecond's worth, not charged yet. */
  private restUs = 0

  /** `bytesPerSecond`: Infinity is no limit. */
  constructor(
    private readonly clock: Clock,
    private readonly bytesPerSecond: number,
    private readonly cells: BigInt64Array = newRateCells(),
  ) {}

  /** Charges bytes that were written, and sleeps until they are paid for. `onPause`: before each sleep. */
  pay(bytes: number, isFlush: boolean, onPause: () => void): void {
    if (this.bytesPerSecond === Infinity) return
    this.charge(bytes, isFlush)
    for (;;) {
      const owedMs = this.owedMs(isFlush ? Lane.flush : Lane.all)
      if (owedMs < minPauseMs) return
      onPause()
      this.clock.sleepSync(Math.min(owedMs, maxPauseMs))
    }
  }

  private charge(bytes: number, isFlush: boolean): void {
    const costUs = (bytes * 1e6) / this.bytesPerSecond + this.restUs
    const wholeUs = Math.floor(costUs)
    this.restUs = costUs - wholeUs
    if (wholeUs === 0) return
    if (isFlush) this.moveOn(Lane.flush, BigInt(wholeUs))
    this.moveOn(Lane.all, BigInt(wholeUs))
  }

  private moveOn(lane: number, costUs: bigint): void {
    const { cells } = this
    const earliest = this.nowUs() - burstUs
    for (;;) {
      const paidUntil = Atomics.load(cells, lane)
      const next = (paidUntil > earliest ? paidUntil : earliest) + costUs
      if (Atomics.compareExchange(cells, lane, paidUntil, next) === paidUntil) return
    }
  }

  private owedMs(lane: number): number {
    return Number(Atomics.load(this.cells, lane) - this.nowUs()) / 1000
  }

  private nowUs(): bigint {
    return BigInt(Math.floor(this.clock.monotonicMs() * 1000))
  }
}
