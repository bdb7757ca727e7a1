import { Prng } from '../../../base/prng.js'
import type { CompactionOptions } from '../../../compaction/pickers/compaction-options.js'
import { resolveSetting } from '../../../compaction/pickers/resolve-compaction.js'
import { WriteStalls } from '../../../db/write/write-stalls.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import { SimulatedWorker } from './simulated-worker.js'

const MiB = 2 ** 20

/** A machine and the load that it is under. Rates are bytes per millisecond. */
export interface LoadSettings {
  readonly seed: number
  readonly compaction: CompactionOptions
  readonly seconds: number
  readonly keys: number
  readonly entryBytes: number
  readonly memtableBytes: number
  /** Speed of a writer that nothing holds back. */
  readonly writeRate: number
  /** Speed of flushes and merges together, at a time in milliseconds. */
  readonly workRateAt: (nowMs: number) => number
}

export const defaultLoad: LoadSettings = {
  seed: 1,
  compaction: { policy: 'leveled' },
  seconds: 75,
  keys: 50_000,
  entryBytes: 60_960,
  memtableBytes: 64 * MiB,
  writeRate: 350_000,
  workRateAt: () => 120_000,
}

/** What happens in each second. */
export interface LoadSecond {
  readonly writtenBytes: number
  readonly level0Count: number
  readonly debtBytes: number
  readonly diskBytes: number
  readonly liveBytes: number
}

export interface LoadResult {
  readonly seconds: readonly LoadSecond[]
  readonly longestWaitMs: number
}

const groupBytes = 64 * 1024

/**
 * Writes as fast as they are admitted, in virtual time: the real admission control and pickers,
 * with a tree whose flushes and merges take time but have no files.
 */
export function runLoad(given: Partial<LoadSettings>): LoadResult {
  const settings = { ...defaultLoad, ...given }
  const { seed, entryBytes, memtableBytes, keys, writeRate } = settings
  const random = new Prng(seed)
  const compaction = resolveSetting(settings.compaction, memtableBytes)
  if (compaction.policy === 'adaptive') throw new Error('the load needs a fixed policy')
  const worker = new SimulatedWorker(compaction, settings)
  const clock = new LoadClock((fromMs, ms) => worker.work(settings.workRateAt(fromMs) * ms))
  const scheduler = {
    flushFailure: undefined,
    mergeFailure: undefined,
    mergesHeld: false,
    waitBlocking: (timeoutMs: number) => {
      const endMs = clock.monotonicMs() + timeoutMs
      const { endedJobs } = worker
      while (clock.monotonicMs() < endMs && worker.endedJobs === endedJobs) clock.sleepSync(1)
    },
  }
  const stalls = new WriteStalls(scheduler, clock, 600_000, () => {})
  const isLive = new Uint8Array(keys)
  let liveBytes = 0
  const seconds: LoadSecond[] = []
  let longestWaitMs = 0
  let writtenBytes = 0
  const entriesPerGroup = Math.max(1, Math.round(groupBytes / entryBytes))
  const bytes = entriesPerGroup * entryBytes
  while (seconds.length < settings.seconds) {
    const beforeMs = clock.monotonicMs()
    stalls.holdBlocking(bytes, !worker.hasRoomFor(entriesPerGroup), [worker])
    longestWaitMs = Math.max(longestWaitMs, clock.monotonicMs() - beforeMs)
    for (let i = 0; i < entriesPerGroup; i++) {
      const key = random.below(keys)
      liveBytes += entryBytes * (1 - isLive[key])
      isLive[key] = 1
      worker.write(key)
    }
    clock.sleepSync(bytes / writeRate)
    while (seconds.length < Math.floor(clock.monotonicMs() / 1000)) {
      const { level0Count, debtBytes, diskBytes } = worker
      seconds.push({ writtenBytes, level0Count, debtBytes, diskBytes, liveBytes })
      writtenBytes = 0
    }
    writtenBytes += bytes
  }
  return { seconds, longestWaitMs }
}

/** Steps of the worker are no longer than this. */
const stepMs = 1

/** Time passes only in sleeps, and the worker works meanwhile. */
class LoadClock extends VirtualClock {
  constructor(private readonly work: (fromMs: number, ms: number) => void) {
    super()
  }

  override sleepSync(delayMs: number): void {
    for (let leftMs = delayMs; leftMs > 0; leftMs -= stepMs) {
      const ms = Math.min(leftMs, stepMs)
      this.work(this.monotonicMs(), ms)
      super.sleepSync(ms)
    }
  }
}

/** Standard deviation of the writes per second, for their mean. */
export function variationOf(values: readonly number[]): number {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / values.length) / mean
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
