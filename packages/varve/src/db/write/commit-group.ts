import type { WriteBatch } from '../../batch/write-batch.js'

/** Operations that are committed together, and the one promise that all their callers hold. */
export class CommitGroup {
  sync = false
  isScheduled = false
  /** The log that holds its record, and where in it that begins. */
  logNumber = 0
  logOffset = 0
  /** When its commit began; undefined when nobody asks for how long it takes. */
  beganAtMs: number | undefined
  private outcome: Promise<void> | undefined
  private resolve: (() => void) | undefined
  private reject: ((error: unknown) => void) | undefined
  private readonly endListeners: (() => void)[] = []

  constructor(readonly batch: WriteBatch) {}

  /** Requires: the group has not settled. */
  get promise(): Promise<void> {
    this.outcome ??= new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    return this.outcome
  }

  /** Calls back when the group is in the memtables, or has failed: before the next one is logged. */
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
