import type { Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { noStallThresholds, type WriteLimits } from '../../compaction/pickers/compaction-options.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import type { StallCause, StallEvent, StallStats } from '../api.js'
import { WritePace } from './write-pace.js'
import {
  type Backlog,
  describeBacklog,
  type WritePressure,
  writePressure,
} from './write-pressure.js'

/** A slowdown is over when no commit was delayed for this long. */
const slowdownEndMs = 1000

/** How often a stopped commit checks again, because merges free level 0 before they end. */
const stopPollMs = 50

/** Why a commit must wait. */
type Stall =
  | { readonly severity: 'slowdown'; readonly cause: StallCause; readonly delayMs: number }
  | { readonly severity: 'stop'; readonly cause: StallCause; readonly leftMs: number }

type StallScheduler = Pick<
  Scheduler,
  'flushFailure' | 'mergeFailure' | 'mergesHeld' | 'waitBlocking'
>

/** The part of a tree that can hold back writes. */
export interface PressingTree extends Backlog {
  readonly stallThresholds: WriteLimits
}

export type StallsByCause = Record<StallCause, StallStats>

export function noStalls(): StallsByCause {
  return {
    memtables: { count: 0, timeMs: 0 },
    level0: { count: 0, timeMs: 0 },
    debt: { count: 0, timeMs: 0 },
  }
}

/**
 * Holds writes back when flushes and compactions cannot keep up. Commits are delayed so that they
 * come at the rate of the background work. If the backlog reaches its limit all the same, they are
 * stopped until it shrinks or the commit times out. Writes do not
 * wait for paused compactions.
 *
 * Owned by: the database. The commit pipeline calls it before each commit, one at a time.
 */
export class WriteStalls {
  readonly byCause = noStalls()
  /** The stall that was reported and has not ended. */
  private reported = ''
  private delayedAtMs = -Infinity
  private readonly pace = new WritePace()
  /** Whether the current commit has been delayed already. */
  private wasDelayed = false
  /** When the current commit was stopped. */
  private stoppedAtMs: number | undefined
  private waiters: (() => void)[] = []

  /** `maxStopMs`: time that a commit waits before it fails. */
  constructor(
    private readonly scheduler: StallScheduler,
    private readonly clock: Clock,
    private readonly maxStopMs: number,
    private readonly onStall: (event: StallEvent) => void,
  ) {}

  /**
   * Returns undefined if a commit of `bytes` may proceed, otherwise a promise that resolves when it
   * is time to call again. `needsMemtable`: whether the commit does not fit into the active
   * memtables. `trees`: the trees that it writes to. Throws if the commit has waited too long, or
   * if the background work that it waits for has failed for good.
   */
  hold(
    bytes: number,
    needsMemtable: boolean,
    trees: Iterable<PressingTree>,
  ): Promise<void> | undefined {
    const stall = this.check(bytes, needsMemtable, trees)
    return stall === undefined ? undefined : this.wait(stall)
  }

  /** Like `hold`, but blocks the thread until the commit may proceed. */
  holdBlocking(bytes: number, needsMemtable: boolean, trees: Iterable<PressingTree>): void {
    for (;;) {
      const stall = this.check(bytes, needsMemtable, trees)
      if (stall === undefined) return
      this.waitBlocking(stall)
    }
  }

  /** Resolves when a flush or compaction has ended, or the database closes. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve)
    })
  }

  /** Makes waiting commits check again, because a tree has changed or the database closes. */
  wake(): void {
    for (const resolve of this.waiters.splice(0)) resolve()
  }

  private check(
    bytes: number,
    needsMemtable: boolean,
    trees: Iterable<PressingTree>,
  ): Stall | undefined {
    let pressure: WritePressure | undefined
    let source: PressingTree | undefined
    for (const tree of trees) {
      const limits = this.scheduler.mergesHeld ? noStallThresholds : tree.stallThresholds
      const one = writePressure(tree, limits, needsMemtable)
      if (one === undefined || one.fraction <= (pressure?.fraction ?? 0)) continue
      pressure = one
      source = tree
    }
    if (pressure === undefined || source === undefined) {
      this.reported = ''
      this.passed()
      return undefined
    }
    if (pressure.fraction < 1) return this.slowdown(pressure, source, bytes)
    this.throwFailure(pressure.cause)
    this.report(pressure.cause, 'stop', source)
    return this.stop(pressure.cause, source)
  }

  private throwFailure(cause: StallCause): void {
    const { flushFailure, mergeFailure } = this.scheduler
    const failure = cause === 'memtables' ? flushFailure : (mergeFailure ?? flushFailure)
    if (failure === undefined) return
    this.passed()
    throw failure
  }

  private stop(cause: StallCause, source: PressingTree): Stall {
    const nowMs = this.clock.monotonicMs()
    this.stoppedAtMs ??= nowMs
    const leftMs = this.stoppedAtMs + this.maxStopMs - nowMs
    if (leftMs > 0) return { severity: 'stop', cause, leftMs }
    this.passed()
    throw new VarveError(
      'ABORTED',
      `the write was aborted after waiting ${this.maxStopMs} ms ('maxStallMs'): ` +
        describeBacklog(cause, source, source.stallThresholds),
    )
  }

  private slowdown(
    pressure: WritePressure,
    source: PressingTree,
    bytes: number,
  ): Stall | undefined {
    const nowMs = this.clock.monotonicMs()
    if (this.wasDelayed) this.pace.charge(nowMs, pressure, bytes)
    else {
      const delayMs = this.pace.admit(nowMs, pressure, bytes)
      if (delayMs > 0) {
        this.delayedAtMs = nowMs
        this.report(pressure.cause, 'slowdown', source)
        return { severity: 'slowdown', cause: pressure.cause, delayMs }
      }
    }
    if (nowMs - this.delayedAtMs > slowdownEndMs) this.reported = ''
    this.passed()
    return undefined
  }

  /** Resets the state of the current commit. */
  private passed(): void {
    this.wasDelayed = false
    this.stoppedAtMs = undefined
  }

  private async wait(stall: Stall): Promise<void> {
    const startMs = this.clock.monotonicMs()
    if (stall.severity === 'stop') await this.changedWithin(Math.min(stall.leftMs, stopPollMs))
    else await new Promise<void>((resolve) => void this.clock.awaited(stall.delayMs, resolve))
    this.waited(stall, startMs)
  }

  private async changedWithin(timeoutMs: number): Promise<void> {
    const cancel = this.clock.awaited(timeoutMs, () => this.wake())
    await this.changed()
    cancel()
  }

  private waitBlocking(stall: Stall): void {
    const startMs = this.clock.monotonicMs()
    if (stall.severity === 'slowdown') this.clock.sleepSync(stall.delayMs)
    else this.scheduler.waitBlocking(Math.min(stall.leftMs, stopPollMs))
    this.waited(stall, startMs)
  }

  private waited({ severity, cause }: Stall, startMs: number): void {
    if (severity === 'slowdown') this.wasDelayed = true
    this.byCause[cause].timeMs += this.clock.monotonicMs() - startMs
  }

  /** Emits an event when a stall starts or changes, not for every commit. */
  private report(cause: StallCause, severity: StallEvent['severity'], source: PressingTree): void {
    const key = `${cause} ${severity}`
    if (this.reported === key) return
    this.reported = key
    this.byCause[cause].count++
    const backlog = describeBacklog(cause, source, source.stallThresholds)
    this.onStall({ cause, severity, message: `writes ${severity}: ${backlog}` })
  }
}
