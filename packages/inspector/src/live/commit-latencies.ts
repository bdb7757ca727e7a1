import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages } from 'varve'

const bucketCount = 24
/** Commits measured between two samples. More would cost a busy database too much. */
const maxMeasured = 1000

/**
 * How long commits of one database take, as a histogram: bucket i counts those below 2^i µs.
 *
 * The engine measures commits only while the channel has a subscriber. So this one leaves after
 * `maxMeasured` commits, and returns with the next `take`.
 */
export class CommitLatencies {
  private buckets = new Array<number>(bucketCount).fill(0)
  private measured = 0
  private isSubscribed = false

  constructor(private readonly database: string) {}

  start(): void {
    if (this.isSubscribed) return
    this.isSubscribed = true
    subscribe('varve:commit', this.onCommit)
  }

  stop(): void {
    if (!this.isSubscribed) return
    this.isSubscribed = false
    unsubscribe('varve:commit', this.onCommit)
  }

  /** The histogram since the last call. */
  take(): number[] {
    const { buckets } = this
    this.buckets = new Array<number>(bucketCount).fill(0)
    this.measured = 0
    this.start()
    return buckets
  }

  private readonly pause = (): void => {
    if (this.measured >= maxMeasured) this.stop()
  }

  private readonly onCommit = (message: unknown): void => {
    const { database, durationMs } = message as ChannelMessages['varve:commit']
    if (database === this.database) {
      const power = Math.ceil(Math.log2(Math.max(1, durationMs * 1000)))
      this.buckets[Math.min(bucketCount - 1, power)]++
    }
    // Not at once: this runs within the publication of a message.
    if (++this.measured === maxMeasured) setImmediate(this.pause)
  }
}
