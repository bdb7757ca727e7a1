import { statfs } from 'node:fs'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Database } from 'varve'
import type { SampleMessage } from '../protocol/messages.js'
import { CommitLatencies } from './commit-latencies.js'

/** Milliseconds between two measurements of the event loop's delay. */
const loopResolutionMs = 10
/** Free space is asked for this often. */
const diskIntervalMs = 5000

/** Takes samples of a database between `start` and `stop`. */
export class Sampler {
  private readonly commits: CommitLatencies
  private loop: IntervalHistogram | undefined
  private disk: SampleMessage['disk']
  private diskAskedAtMs = -Infinity

  constructor(private readonly db: Pick<Database<never, never>, 'path' | 'stats' | 'memtables'>) {
    this.commits = new CommitLatencies(db.path)
  }

  start(): void {
    this.commits.start()
    this.loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
    this.loop.enable()
  }

  stop(): void {
    this.commits.stop()
    this.loop?.disable()
    this.loop = undefined
  }

  /** @throws CLOSED */
  take(): SampleMessage {
    const stats = this.db.stats()
    this.askForDisk()
    return {
      atMs: Date.now(),
      stats,
      memtables: this.db.memtables(),
      loopDelayMs: this.takeLoopDelay(),
      commitBuckets: this.commits.take(),
      residentBytes: process.memoryUsage.rss(),
      disk: this.disk,
    }
  }

  /** The histogram measures whole intervals, so the resolution is not part of the delay. */
  private takeLoopDelay(): SampleMessage['loopDelayMs'] {
    const { loop } = this
    if (loop === undefined || loop.count === 0) return { mean: 0, p99: 0, max: 0 }
    const delayMs = (nanoseconds: number): number =>
      Math.max(0, nanoseconds / 1e6 - loopResolutionMs)
    const taken = {
      mean: delayMs(loop.mean),
      p99: delayMs(loop.percentile(99)),
      max: delayMs(loop.max),
    }
    loop.reset()
    return taken
  }

  /** The answer is in the next sample. A file system without one leaves it out. */
  private askForDisk(): void {
    const nowMs = performance.now()
    if (nowMs - this.diskAskedAtMs < diskIntervalMs) return
    this.diskAskedAtMs = nowMs
    statfs(this.db.path, (error, found) => {
      this.disk =
        error === null
          ? { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize }
          : undefined
    })
  }
}
