import { corruption, VarveError } from '../../base/errors.js'
import { BatchReader } from '../../batch/batch-reader.js'
import { WriteBatch } from '../../batch/write-batch.js'
import { assert } from '../../base/assert.js'
import type { CancelTimer, Clock } from '../../base/clock.js'
import { maxSequence } from '../../key/limits.js'
import { LogWriter } from '../../log/log-writer.js'
import { MemTable } from '../../memtable/memtable.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import type { Tree } from '../../tree/tree.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { Durability } from '../api.js'
import { channels, type CommitMessage } from '../events/channels.js'
import { CommitGroup } from './commit-group.js'
import type { EventLoopTurns } from '../events/event-loop-turns.js'
import type { WriteStalls } from './write-stalls.js'

/** A group larger than this is committed at once instead of when the running code has ended. */
const maxGroupBytes = 1024 * 1024

/** Arena bytes that an operation can take beyond its bytes in the log. */
export const arenaBytesPerOperation = MemTable.entryBytes(0, 0) + 4

/** Commits between two looks for messages of the background thread, when the caller never yields. */
const commitsPerPoll = 64

/** Share of a memtable that is in use when the next one is prepared. */
const preparedFill = 0.5

export interface PipelineParts {
  readonly path: string
  readonly log: WriteAheadLog
  readonly trees: ReadonlyMap<number, Tree>
  readonly stalls: WriteStalls
  readonly scheduler: Scheduler
  readonly turns: EventLoopTurns
  readonly clock: Clock
  readonly durability: Durability
  readonly newLogNumber: () => number
  readonly onError: (error: VarveError) => void
}

/**
 * All writes pass here, in one order. Operations collect in the open group until the running code
 * has ended, a microtask later; a group is logged with one write, synced if anyone asked for it, inserted into the memtable
 * and only then visible. While one group is being synced the next one fills.
 *
 *     open group ──close──▶ room, sequences, log ──▶ (sync) ──▶ memtable ──▶ visible ──▶ promise
 *
 * Owned by: the Database. Lives: from open to close.
 *
 * Invariant 1: one group at a time is between log and memtable, so that log order, sequence order and
 * the order of visibility are the same.
 * Invariant 2: a group that could not be logged leaves no trace, and uses no sequence.
 * Invariant 3: after a failed sync, or a log of which the end is unknown, nothing is written again.
 * Invariant 4: nobody is kept from submitting. While a group is synced, or held back, the open one takes
 * all that comes, up to what one record and one memtable can hold; then the batch refuses.
 */
export class CommitPipeline {
  /** What readers see: the highest sequence of which everything before is in the memtables. */
  visibleSequence: number
  commits = 0
  operations = 0
  userBytes = 0

  private group: CommitGroup
  private syncing: CommitGroup | undefined
  private isHeld = false
  /** The memtables that follow the active ones have their memory, and flushes a thread. */
  private isRotationPrepared = false
  private spareBatch: WriteBatch | undefined
  private lastSequence: number
  private refusal: VarveError | undefined
  private closed: VarveError | undefined
  private readonly reader = new BatchReader()
  private cancelIntervalSync: CancelTimer | undefined
  /** Commits that subscribers hear of when nothing is under way on this thread: two at most. */
  private readonly untold: CommitMessage[] = []
  private readonly closeGroup = (): void => this.commitOpenGroup()

  constructor(
    private readonly parts: PipelineParts,
    lastSequence: number,
  ) {
    this.visibleSequence = lastSequence
    this.lastSequence = lastSequence
    this.group = new CommitGroup(new WriteBatch(LogWriter.headroomBytes))
  }

  /** Memory of the groups' buffers. */
  get bufferBytes(): number {
    const { group, syncing, spareBatch } = this
    return [group.batch, syncing?.batch, spareBatch].reduce(
      (sum, batch) => sum + (batch?.buffer.length ?? 0),
      0,
    )
  }

  /** The batch to put operations in; then call `submit` or `commitBlocking`. */
  open(): WriteBatch {
    const refusal = this.closed ?? this.refusal
    if (refusal !== undefined) throw refusal
    this.group.batch.assertBetween()
    return this.group.batch
  }

  /** Commits what is in the batch with its group. All operations of a group share one promise. */
  submit(sync: boolean): Promise<void> {
    const { group } = this
    const { promise } = group
    if (sync) group.sync = true
    if (!group.isScheduled) {
      group.isScheduled = true
      void runEnd.then(this.closeGroup)
    } else if (group.batch.payloadBytes >= maxGroupBytes) {
      this.commitOpenGroup()
    }
    return promise
  }

  /** Commits what is in the batch, and all that is under way, before it returns. */
  commitBlocking(sync: boolean): void {
    const { scheduler, stalls } = this.parts
    if (sync) this.group.sync = true
    this.finishSyncBlocking()
    try {
      if (this.commits % commitsPerPoll === 0) scheduler.poll()
      if (this.refusal !== undefined) throw this.refusal
      const { batch } = this.group
      stalls.holdBlocking(batch.payloadBytes, this.needsMemtable(batch))
    } catch (error) {
      this.detachGroup().fail(error)
      throw error
    }
    const group = this.detachGroup()
    try {
      this.log(group)
      if (this.mustSync(group)) this.syncBlocking(group)
    } catch (error) {
      group.fail(error)
      throw error
    }
    this.publish(group)
    this.tell()
  }

  /** Resolves when everything submitted so far has settled. */
  async drain(): Promise<void> {
    while (this.syncing !== undefined || !this.group.batch.isEmpty) {
      const { promise } = this.syncing ?? this.group
      this.commitOpenGroup()
      await promise.catch(() => {})
    }
  }

  /**
   * Seals the memtables, so that a flush takes everything submitted so far; resolves with the sequence
   * up to which they hold it. A group that is on its way into a memtable gets there first, for its log
   * and its memtable belong together; groups behind it wait.
   */
  sealMemtables(): Promise<number> {
    return this.betweenGroups(() => this.rotate())
  }

  /**
   * Does something when everything submitted so far is in the memtables, or has failed, and nothing
   * stands in the log that is not: what the logs hold then is what readers see.
   */
  betweenGroups<T>(run: () => T): Promise<T> {
    this.commitOpenGroup()
    const last = this.group.batch.isEmpty ? this.syncing : this.group
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          resolve(run())
        } catch (error) {
          reject(error)
        }
      }
      if (last === undefined) attempt()
      else last.onEnd(attempt)
    })
  }

  /** Requires: no group is being synced. Returns the last sequence in the sealed memtables. */
  rotate(): number {
    assert(this.syncing === undefined, 'a group goes into the memtable that its log belongs to')
    const isFilled = [...this.parts.trees.values()].some((tree) => tree.hasUnflushed)
    if (isFilled) this.startMemtables(0)
    return this.visibleSequence
  }

  /** Refuses new writes from now on, with `reason`; those submitted before go on. */
  refuse(reason: VarveError): void {
    this.closed = reason
    this.cancelIntervalSync?.()
  }

  /** Refuses writes from now on, for nobody knows what of the log or the MANIFEST is on the disk. */
  poison(cause: unknown): VarveError {
    this.refusal ??= new VarveError(
      'POISONED',
      `${this.parts.path} takes no more writes since a file could not be made durable ` +
        `(${cause instanceof Error ? cause.message : String(cause)}); reads go on; ` +
        `open the database again to recover everything acknowledged`,
      { path: this.parts.path, cause },
    )
    return this.refusal
  }

  /** Makes what was committed durable, at the end. Requires: drained. */
  async syncLog(): Promise<void> {
    if (this.parts.log.broken) return
    await this.parts.log.syncAsync()
    this.parts.log.markEnd()
  }

  private commitOpenGroup(): void {
    if (this.syncing !== undefined || this.isHeld || this.group.batch.isEmpty) return
    let held: Promise<void> | undefined
    try {
      if (this.refusal !== undefined) throw this.refusal
      const { batch } = this.group
      held = this.parts.stalls.hold(batch.payloadBytes, this.needsMemtable(batch))
    } catch (error) {
      this.detachGroup().fail(error)
      return
    }
    if (held !== undefined) {
      this.isHeld = true
      void held.then(() => {
        this.isHeld = false
        this.commitOpenGroup()
      })
      return
    }
    const group = this.detachGroup()
    try {
      this.log(group)
    } catch (error) {
      group.fail(error)
      return
    }
    if (this.mustSync(group)) this.syncInBackground(group)
    else this.publish(group)
    this.tell()
  }

  /** Whether some tree's active memtable has no room for the batch. */
  private needsMemtable(batch: WriteBatch): boolean {
    const neededBytes = arenaBytesFor(batch)
    for (const tree of this.parts.trees.values()) if (!tree.hasRoom(neededBytes)) return true
    return false
  }

  private mustSync(group: CommitGroup): boolean {
    return group.sync || this.parts.durability === 'sync'
  }

  private detachGroup(): CommitGroup {
    const { group } = this
    const batch = this.spareBatch ?? new WriteBatch(LogWriter.headroomBytes)
    this.spareBatch = undefined
    this.group = new CommitGroup(batch)
    return group
  }

  /** Gives the group room, sequences and a record in the log. */
  private log(group: CommitGroup): void {
    const { batch } = group
    const { log, clock } = this.parts
    if (channels.commit.hasSubscribers) group.beganAtMs = clock.monotonicMs()
    if (!this.isRotationPrepared) this.prepareRotation()
    if (this.needsMemtable(batch)) this.startMemtables(arenaBytesFor(batch))
    const lastSequence = this.lastSequence + batch.count
    // No database comes that far by itself; but a MANIFEST may say that one did.
    if (lastSequence > maxSequence) {
      throw corruption(this.parts.path, 0, 'sequence numbers that are used up')
    }
    batch.seal(this.lastSequence + 1)
    const logOffset = log.sizeBytes
    try {
      log.append(batch)
    } catch (error) {
      if (log.broken) throw this.poison(error)
      throw error
    }
    group.logNumber = log.logNumber
    group.logOffset = logOffset
    this.lastSequence = lastSequence
  }

  /**
   * Half-way to the next rotation, one thing with each commit. The commit that finds the memtable full would
   * hold the event loop for longer than all others, had it to touch fresh memory and to start a thread.
   */
  private prepareRotation(): void {
    const { trees, scheduler } = this.parts
    for (const tree of trees.values()) {
      if (tree.activeFill < preparedFill) continue
      if (tree.prepareRotation()) return
      this.isRotationPrepared = true
      scheduler.prepare()
    }
  }

  /** A new log, and a new memtable for each tree, with room for `neededBytes`. */
  private startMemtables(neededBytes: number): void {
    const { log, trees, scheduler, newLogNumber } = this.parts
    log.rotate(newLogNumber())
    for (const tree of trees.values()) tree.rotate(neededBytes)
    this.isRotationPrepared = false
    scheduler.pump()
  }

  private publish(group: CommitGroup): void {
    const { batch } = group
    const { trees, turns } = this.parts
    const { reader } = this
    reader.open(batch.buffer, batch.headroomBytes, batch.length)
    while (reader.next()) trees.get(reader.keyspace)!.apply(reader, group.logNumber)
    assert(reader.problem === undefined, 'a batch is read as it was written')
    this.visibleSequence = reader.firstSequence + batch.count - 1
    this.commits++
    this.operations += batch.count
    this.userBytes += batch.userBytes
    if (group.beganAtMs !== undefined) this.note(group, group.beganAtMs)
    this.startIntervalSync()
    const isTurnDue = turns.isDue(batch.count)
    batch.clear()
    this.spareBatch = batch
    group.end()
    if (isTurnDue) void turns.later(undefined).then(() => group.succeed())
    else group.succeed()
  }

  private note(group: CommitGroup, beganAtMs: number): void {
    const { path, clock } = this.parts
    this.untold.push({
      database: path,
      operations: group.batch.count,
      sizeBytes: group.batch.userBytes,
      synced: this.mustSync(group),
      durationMs: clock.monotonicMs() - beganAtMs,
    })
  }

  /** The last thing that a step does: subscribers may write, too. */
  private tell(): void {
    while (this.untold.length > 0) channels.commit.publish(this.untold.shift()!)
  }

  private syncInBackground(group: CommitGroup): void {
    this.syncing = group
    this.parts.log.syncAsync().then(
      () => this.endSync(group, undefined),
      (error: unknown) => this.endSync(group, error),
    )
  }

  /** A blocking caller may have ended the group already, with a sync of its own. */
  private endSync(group: CommitGroup, failure: unknown): void {
    if (this.syncing !== group) {
      // Its writes were acknowledged on the word of another sync; from now on no sync is believed.
      if (failure !== undefined) this.parts.onError(this.poison(failure))
      return
    }
    this.syncing = undefined
    if (failure === undefined) this.publish(group)
    else group.fail(this.poisonAt(group, failure))
    this.commitOpenGroup()
    this.tell()
  }

  /** Ends the sync that is under way with one of this thread's own. */
  private finishSyncBlocking(): void {
    const group = this.syncing
    if (group === undefined) return
    let failure: unknown
    try {
      this.syncBlocking(group)
    } catch (error) {
      failure = error
    }
    this.syncing = undefined
    if (failure === undefined) this.publish(group)
    else group.fail(failure)
  }

  private syncBlocking(group: CommitGroup): void {
    try {
      this.parts.log.sync()
    } catch (error) {
      throw this.poisonAt(group, error)
    }
  }

  /** The group could not be synced; it is refused, so it should not be found. */
  private poisonAt(group: CommitGroup, failure: unknown): VarveError {
    this.parts.log.takeBack(group.logOffset)
    return this.poison(failure)
  }

  private startIntervalSync(): void {
    const { durability, clock, log } = this.parts
    if (typeof durability === 'string' || this.cancelIntervalSync !== undefined) return
    this.cancelIntervalSync = clock.after(durability.intervalMs, () => {
      this.cancelIntervalSync = undefined
      if (this.refusal !== undefined || !log.needsSync) return
      log.syncAsync().catch((error: unknown) => this.parts.onError(this.poison(error)))
    })
  }
}

const runEnd = Promise.resolve()

function arenaBytesFor(batch: WriteBatch): number {
  return batch.payloadBytes + batch.count * arenaBytesPerOperation
}
