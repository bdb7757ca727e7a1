import type { WriteBatch } from '../../batch/write-batch.js'

/** Operations that are committed together, and the promise that all their callers share. */
export class CommitGroup {
  sync = false
  isScheduled = false
  /** The log that holds the record of the group, and the offset of the record. */
  logNumber = 0
  logOffset = 0
  /** When the commit started; undefined if its duration is not measured. */
  beganAtMs: number | undefined
  private outcome: Promise<void> | undefined
  private resolve: (() => void) | undefined
  private reject: ((error: unknown) => void) | undefined
  private readonly endListeners: (() => void)[] = []

  constructor(readonly batch: WriteBatch) {}

  /** The promise that all callers share. Requires: the group has not settled. */
  get promise(): Promise<void> {
    this.outcome ??= new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    return this.outcome
  }

  /**
   * Calls `listener` when the group is in the memtables or has failed, before the next one is
   * logged.
   */
  onEnd(listener: () => void): void {
    this.endListeners.push(listener)
  }

  end(): void {
    for (const listener of this.endListeners.splice(0)) listener()
  }

  succeed(): void {
    this.resolve?.()
  }

  fail(error: unknown): void {
    this.end()
    this.reject?.(error)
  }
}
