import type { Clock } from '../base/clock.js'
import type { Scheduler } from '../compaction/scheduler.js'
import type { Tree } from '../tree/tree.js'
import type { StallCause, StallEvent } from './api.js'

/** Sealed memtables that may wait for their flush before writes wait too. */
export const maxSealedMemtables = 2

/** Rates to which writes are slowed down: at the first table too many, and right before the stop. */
const fastestSlowedBytesPerMs = 64 * 1024
const slowestBytesPerMs = 4 * 1024

/** Delays shorter than this are saved up. */
const minDelayMs = 1
const maxDelayMs = 50
const blockingPollMs = 50

/** What a commit has to wait for. */
export type Stall =
  | { readonly severity: 'slowdown'; readonly delayMs: number }
  | { readonly severity: 'stop'; readonly cause: StallCause }

/**
 * Holds writes back when flushes and compactions cannot keep up: first a delay for each commit, which
 * grows with the number of level-0 tables, then a stop.
 *
 * Owned by: the database; asked by the commit pipeline before each commit.
 */
export class WriteStalls {
  count = 0
  timeMs = 0
  readonly countByCause: Record<StallCause, number> = { memtables: 0, level0: 0 }
  /** The stall that was reported last and goes on. */
  private reported = ''
  private owedMs = 0
  private waiters: (() => void)[] = []

  constructor(
    private readonly trees: () => Iterable<Tree>,
    private readonly scheduler: Scheduler,
    private readonly clock: Clock,
    private readonly onStall: (event: StallEvent) => void,
  ) {}

  /**
   * Whether a commit of `bytes` has to wait; `needsMemtable` when it does not fit into the active one,
   * `wasDelayed` when it has been slowed down already. Throws what stopped the background work when
   * waiting would be in vain.
   */
  check(bytes: number, needsMemtable: boolean, wasDelayed: boolean): Stall | undefined {
    for (const tree of this.trees()) {
      const { l0Slowdown, l0Stop } = tree.options.compaction
      const level0 = tree.state.version.levels[0].length
      const sealed = tree.sealedCount
      if (needsMemtable && sealed >= maxSealedMemtables) {
        return this.stop('memtables', `${sealed} memtables wait for their flush`)
      }
      if (level0 >= l0Stop) {
        return this.stop('level0', `${level0} tables on level 0, the limit is ${l0Stop}`)
      }
      if (level0 >= l0Slowdown) {
        if (wasDelayed) return undefined
        const limits = `${level0} tables on level 0, slowed down from ${l0Slowdown}`
        this.report('level0', 'slowdown', limits)
        return this.slowdown(bytes, (level0 - l0Slowdown + 1) / (l0Stop - l0Slowdown + 1))
      }
    }
    this.reported = ''
    return undefined
  }

  /** Resolves when it is worth asking again. */
  async wait(stall: Stall): Promise<void> {
    const startMs = this.clock.monotonicMs()
    if (stall.severity === 'stop') await this.changed()
    else await new Promise<void>((resolve) => void this.clock.awaited(stall.delayMs, resolve))
    this.timeMs += this.clock.monotonicMs() - startMs
  }

  /** Resolves when a flush or compaction has ended, or the database closes. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve)
    })
  }

  /** The same as `wait`, blocking the thread. */
  waitBlocking(stall: Stall): void {
    const startMs = this.clock.monotonicMs()
    if (stall.severity === 'stop') this.scheduler.waitBlocking(blockingPollMs)
    else this.clock.sleepSync(stall.delayMs)
    this.timeMs += this.clock.monotonicMs() - startMs
  }

  /** The tree changed, or the database closes: those who wait ask again. */
  wake(): void {
    for (const resolve of this.waiters.splice(0)) resolve()
  }

  private stop(cause: StallCause, message: string): Stall {
    const { flushFailure, mergeFailure } = this.scheduler
    const failure = cause === 'memtables' ? flushFailure : (mergeFailure ?? flushFailure)
    if (failure !== undefined) throw failure
    this.report(cause, 'stop', message)
    return { severity: 'stop', cause }
  }

  private slowdown(bytes: number, fraction: number): Stall | undefined {
    const rate = fastestSlowedBytesPerMs + (slowestBytesPerMs - fastestSlowedBytesPerMs) * fraction
    this.owedMs += bytes / rate
    if (this.owedMs < minDelayMs) return undefined
    const delayMs = Math.min(this.owedMs, maxDelayMs)
    this.owedMs = 0
    return { severity: 'slowdown', delayMs }
  }

  /** One event when a stall begins or changes, not one for each commit. */
  private report(cause: StallCause, severity: StallEvent['severity'], message: string): void {
    const key = `${cause} ${severity}`
    if (this.reported === key) return
    this.reported = key
    this.count++
    this.countByCause[cause]++
    this.onStall({ cause, severity, message: `writes ${severity}: ${message}` })
  }
}
