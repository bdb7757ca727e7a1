import type { CancelTimer, Clock } from '../../base/clock.js'
import type { VarveError } from '../../base/errors.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { Durability } from '../api.js'
import type { CommitGroup } from './commit-group.js'
import type { WriteGate } from './write-gate.js'

interface GroupSyncParts {
  readonly log: WriteAheadLog
  readonly gate: WriteGate
  readonly clock: Clock
  readonly durability: Durability
  readonly onError: (error: VarveError) => void
}

/**
 * Makes logged groups durable, one at a time: in the background, or on the calling thread.
 *
 * Owned by: the commit pipeline.
 *
 * Invariant: after a failed sync the gate is poisoned, and no sync is tried again.
 */
export class GroupSync {
  private inFlight: CommitGroup | undefined
  private cancelInterval: CancelTimer | undefined

  constructor(private readonly parts: GroupSyncParts) {}

  /** The group whose sync runs in the background. */
  get current(): CommitGroup | undefined {
    return this.inFlight
  }

  isNeededFor(group: CommitGroup): boolean {
    return group.sync || this.parts.durability === 'sync'
  }

  /**
   * Syncs the group in the background. `onEnd` gets the error, if any; it is not called when
   * `finishNow` ends the group first.
   */
  begin(group: CommitGroup, onEnd: (failure: VarveError | undefined) => void): void {
    this.inFlight = group
    const end = (failure: unknown): void => {
      if (this.inFlight === group) {
        this.inFlight = undefined
        onEnd(failure === undefined ? undefined : this.failed(group, failure))
      } else if (failure !== undefined) {
        // The group's writes are durable already, but after this failure no sync can be trusted.
        this.parts.onError(this.parts.gate.poisonWith(failure))
      }
    }
    this.parts.log.syncAsync().then(
      () => end(undefined),
      (error: unknown) => end(error ?? new Error('the sync failed')),
    )
  }

  /** Syncs the group on this thread. Throws POISONED. */
  runNow(group: CommitGroup): void {
    try {
      this.parts.log.sync()
    } catch (error) {
      throw this.failed(group, error)
    }
  }

  /** Ends a background sync with one on this thread. Throws POISONED. */
  finishNow(group: CommitGroup): void {
    this.inFlight = undefined
    this.runNow(group)
  }

  /** Starts the timer of `durability: { intervalMs }` after a commit, unless it runs. */
  startInterval(): void {
    const { durability, clock, log, gate, onError } = this.parts
    if (typeof durability === 'string' || this.cancelInterval !== undefined) return
    this.cancelInterval = clock.after(durability.intervalMs, () => {
      this.cancelInterval = undefined
      if (gate.poisoned !== undefined || !log.needsSync) return
      log.syncAsync().catch((error: unknown) => onError(gate.poisonWith(error)))
    })
  }

  stopInterval(): void {
    this.cancelInterval?.()
  }

  /** Rejects the group. Its record must not be found in the log later. */
  private failed(group: CommitGroup, cause: unknown): VarveError {
    this.parts.log.takeBack(group.logOffset)
    return this.parts.gate.poisonWith(cause)
  }
}
