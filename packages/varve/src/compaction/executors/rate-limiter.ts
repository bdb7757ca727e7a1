import type { Clock } from '../../base/clock.js'

/** How long unused budget is kept, which limits bursts. */
const burstUs = 100_000n
/** Debts smaller than this are not worth a sleep. */
const minPauseMs = 1
/** The longest sleep without a check, and so the longest time until an abort is noticed. */
export const maxPauseMs = 20

const Lane = { flush: 0, all: 1 } as const

/** The memory of a limiter, which the limiters of several threads may share. */
export function newRateCells(): BigInt64Array {
  return new BigInt64Array(new SharedArrayBuffer(Object.keys(Lane).length * 8))
}

/**
 * A token bucket for the bytes that flushes and compactions write, shared by all threads of a
 * database. Each cell holds the time until which its bytes are paid for; each byte written advances
 * it:
 *
 *     flush   ───────────▶ paid until             a flush waits only for earlier flushes
 *     all     ─────────────────────▶ paid until   a merge waits for all jobs
 *                     ▲ now
 *
 * Owned by: an executor, or a job on a worker thread. Requires: all limiters that share the cells
 * use the same clock.
 */
export class RateLimiter {
  /** Bytes worth less than a microsecond, not charged yet. */
  private restUs = 0

  /** `bytesPerSecond`: Infinity means no limit. */
  constructor(
    private readonly clock: Clock,
    private readonly bytesPerSecond: number,
    private readonly cells: BigInt64Array = newRateCells(),
  ) {}

  /** Charges written bytes and sleeps until they are paid for. Calls `onPause` before it sleeps. */
  pay(bytes: number, isFlush: boolean, onPause: () => void): void {
    this.charge(bytes, isFlush)
    for (;;) {
      const owedMs = this.owedMs(isFlush)
      if (owedMs === 0) return
      onPause()
      this.clock.sleepSync(Math.min(owedMs, maxPauseMs))
    }
  }

  /** Charges written bytes. The next ones may be written after `owedMs`. */
  charge(bytes: number, isFlush: boolean): void {
    if (this.bytesPerSecond === Infinity) return
    const costUs = (bytes * 1e6) / this.bytesPerSecond + this.restUs
    const wholeUs = Math.floor(costUs)
    this.restUs = costUs - wholeUs
    if (wholeUs === 0) return
    if (isFlush) this.moveOn(Lane.flush, BigInt(wholeUs))
    this.moveOn(Lane.all, BigInt(wholeUs))
  }

  /** Time until the bytes written so far are paid for; 0 if it is not worth a sleep. */
  owedMs(isFlush: boolean): number {
    if (this.bytesPerSecond === Infinity) return 0
    const paidUntil = Atomics.load(this.cells, isFlush ? Lane.flush : Lane.all)
    const owedMs = Number(paidUntil - this.nowUs()) / 1000
    return owedMs < minPauseMs ? 0 : owedMs
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

  private nowUs(): bigint {
    return BigInt(Math.floor(this.clock.monotonicMs() * 1000))
  }
}
