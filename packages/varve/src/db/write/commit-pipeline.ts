import { assert } from '../../base/assert.js'
import type { Clock } from '../../base/clock.js'
import { corruption, type VarveError } from '../../base/errors.js'
import { BatchReader } from '../../batch/batch-reader.js'
import { WriteBatch } from '../../batch/write-batch.js'
import type { Scheduler } from '../../compaction/schedule/scheduler.js'
import { maxSequence } from '../../key/limits.js'
import { LogWriter } from '../../log/log-writer.js'
import type { Tree } from '../../tree/tree.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import { channels, type CommitMessage } from '../events/channels.js'
import type { EventLoopTurns } from '../events/event-loop-turns.js'
import { CommitGroup } from './commit-group.js'
import { ConflictIndex, type TrackedTransaction } from './conflict-index.js'
import type { GroupSync } from './group-sync.js'
import type { LateWrite } from './late-write.js'
import type { Rotation } from './rotation.js'
import type { WriteGate } from './write-gate.js'
import type { WriteStalls } from './write-stalls.js'

/** A group that reaches this size is committed immediately, not when the running code ends. */
const maxGroupBytes = 1024 * 1024

/**
 * If the caller never yields, messages of the background thread are polled every this many commits.
 */
const commitsPerPoll = 64

interface PipelineParts {
  readonly path: string
  readonly log: WriteAheadLog
  readonly trees: TreeRegistry
  readonly gate: WriteGate
  readonly rotation: Rotation
  readonly sync: GroupSync
  readonly stalls: WriteStalls
  readonly scheduler: Scheduler
  readonly turns: EventLoopTurns
  readonly clock: Clock
}

/**
 * Commits all writes, in a single order. Operations collect in the open group until the running
 * code ends, a microtask later. The group is logged with one write, synced if asked for, and
 * inserted into the memtables; only then is it visible. While one group is being synced, the next
 * one fills.
 *
 *     open group ──close──▶ room, sequences, log ──▶ (sync) ──▶ memtable ──▶ visible ──▶ promise
 *
 * Transactions join their group when it closes, after the writes that were submitted earlier. Each
 * is checked against all earlier writes, including those of its own group.
 *
 * Owned by: the Database. Lives: from open to close.
 *
 * Invariant 1: one group at a time is between log and memtable. So log order, sequence order and
 * the order of visibility are the same.
 * Invariant 2: a group that could not be logged leaves no trace and uses no sequence.
 * Invariant 3: after a failed sync, or when the end of the log is unknown, nothing more is written.
 * Invariant 4: submitting never waits. While a group is synced or held back, the open group takes
 * everything, up to what one record and one memtable can hold; then the batch refuses.
 */
export class CommitPipeline {
  /** The sequence at which reads are performed; everything up to it is in the memtables. */
  visibleSequence: number
  commits = 0
  operations = 0
  userBytes = 0
  /** Writes with which open transactions may conflict. */
  readonly conflicts = new ConflictIndex()

  private group: CommitGroup
  /** Writes that join the open group when it closes. */
  private lateWrites: LateWrite[] = []
  /** Whether the open group waits for flushes or compactions. */
  private isHeld = false
  private spareBatch: WriteBatch | undefined
  private lastSequence: number
  private readonly reader = new BatchReader()
  /** Messages for subscribers, at most two, which are published when no commit is in progress. */
  private readonly unpublished: CommitMessage[] = []
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
    const batches = [this.group.batch, this.parts.sync.current?.batch, this.spareBatch]
    return batches.reduce((sum, batch) => sum + (batch?.buffer.length ?? 0), 0)
  }

  /** The batch to add operations to. Call `submit` or `commitBlocking` afterwards. */
  open(): WriteBatch {
    const { refusal } = this.parts.gate
    if (refusal !== undefined) throw refusal
    this.group.batch.assertBetween()
    return this.group.batch
  }

  /**
   * Commits the operations in the batch with their group. All operations of a group share one
   * promise.
   */
  submit(sync: boolean): Promise<void> {
    const { group } = this
    const { promise } = group
    if (sync) group.sync = true
    if (!group.isScheduled) {
      this.schedule()
    } else if (group.batch.payloadBytes >= maxGroupBytes) {
      this.commitOpenGroup()
    }
    return promise
  }

  /** Commits the write with the open group, after everything submitted earlier. */
  submitLate(write: LateWrite): void {
    const { refusal } = this.parts.gate
    if (refusal !== undefined) throw refusal
    this.lateWrites.push(write)
    this.schedule()
  }

  /** Like `submitLate` but synchronous. `join` adds the operations. */
  commitLateBlocking(sync: boolean, join: LateWrite['join']): void {
    const batch = this.open()
    this.finishSync()
    this.recordForConflicts(batch)
    const mark = batch.mark()
    try {
      join(batch)
    } catch (error) {
      batch.rollback(mark)
      throw error
    }
    this.commitBlocking(sync)
  }

  /**
   * Commits all writes submitted so far, so that readers see them when it returns. Late writes
   * still wait for their group.
   */
  settleBlocking(): void {
    this.finishSync()
    if (!this.group.batch.isEmpty) this.commitBlocking(false)
  }

  /**
   * From now on, records all writes above the sequence of the transaction. Requires: that is the
   * visible sequence.
   */
  beginTransaction(transaction: TrackedTransaction): void {
    const { conflicts, parts } = this
    const isFirst = !conflicts.isActive
    conflicts.begin(transaction)
    // A group that is being synced has its sequences but is not visible yet.
    const syncing = parts.sync.current
    if (!isFirst || syncing === undefined) return
    conflicts.record(syncing.batch, this.visibleSequence + 1)
    conflicts.forgetBatch()
  }

  /** Commits the operations in the batch, and all earlier groups, before it returns. */
  commitBlocking(sync: boolean): void {
    const { scheduler, stalls, gate, rotation } = this.parts
    if (sync) this.group.sync = true
    this.finishSync()
    try {
      if (this.commits % commitsPerPoll === 0) scheduler.poll()
      if (gate.poisoned !== undefined) throw gate.poisoned
      const { batch } = this.group
      stalls.holdBlocking(batch.payloadBytes, rotation.isNeededFor(batch), rotation.pressing(batch))
    } catch (error) {
      this.failOpenGroup(error)
      throw error
    }
    const failure = this.commit('blocking')
    if (failure !== undefined) throw failure
    this.publishMessages()
  }

  /** Resolves when everything submitted so far has settled. */
  async drain(): Promise<void> {
    const { sync } = this.parts
    while (sync.current !== undefined || this.hasOpenWrites) {
      const group = sync.current ?? this.group
      const { promise } = group
      this.commitOpenGroup()
      // If all writes of the group were refused, it settles only with the next ones.
      if (group !== this.group || this.hasOpenWrites) await promise.catch(() => {})
    }
  }

  /**
   * Seals all memtables, or that of one tree, so that a flush includes everything submitted so far.
   * Resolves with the highest sequence in them.
   */
  sealMemtables(tree?: Tree): Promise<number> {
    return this.betweenGroups(() => this.rotate(tree))
  }

  /**
   * Calls `run` when everything submitted so far is in the memtables or has failed, before a later
   * group is logged. At that moment the logs hold exactly what readers see.
   */
  betweenGroups<T>(run: () => T): Promise<T> {
    this.commitOpenGroup()
    const last = this.hasOpenWrites ? this.group : this.parts.sync.current
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
  rotate(tree?: Tree): number {
    assert(this.parts.sync.current === undefined, 'a group belongs to the memtables of its log')
    this.parts.rotation.sealFilled(tree)
    return this.visibleSequence
  }

  /** Refuses all writes from now on; see `WriteGate.poisonWith`. */
  poisonWith(cause: unknown): VarveError {
    return this.parts.gate.poisonWith(cause)
  }

  /** Throws POISONED if no write can be committed any more. */
  assertNotPoisoned(): void {
    const { poisoned } = this.parts.gate
    if (poisoned !== undefined) throw poisoned
  }

  /** Removes a tree. Requires: no submitted operation is for it. */
  forget(tree: Tree): void {
    this.parts.rotation.forget(tree)
  }

  /** From now on, refuses new writes with `reason`. Submitted ones are still committed. */
  refuse(reason: VarveError): void {
    this.parts.gate.close(reason)
    this.parts.sync.stopInterval()
  }

  /**
   * Makes everything committed durable, when the database closes. Requires: `drain` has resolved.
   */
  async syncLog(): Promise<void> {
    const { log } = this.parts
    if (log.broken) return
    if (log.needsSync) await log.syncAsync()
    log.markEnd()
  }

  private get hasOpenWrites(): boolean {
    return !this.group.batch.isEmpty || this.lateWrites.length > 0
  }

  private schedule(): void {
    if (this.group.isScheduled) return
    this.group.isScheduled = true
    void runEnd.then(this.closeGroup)
  }

  private commitOpenGroup(): void {
    const { sync, gate, stalls, rotation } = this.parts
    if (sync.current !== undefined || this.isHeld) return
    if (this.lateWrites.length > 0) this.takeLateWrites()
    const { batch } = this.group
    if (batch.isEmpty) return
    let held: Promise<void> | undefined
    try {
      if (gate.poisoned !== undefined) throw gate.poisoned
      held = stalls.hold(batch.payloadBytes, rotation.isNeededFor(batch), rotation.pressing(batch))
    } catch (error) {
      this.failOpenGroup(error)
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
    // A failure rejects the group's promise.
    this.commit('background')
    this.publishMessages()
  }

  /** Adds the late writes to the open group, one after another. */
  private takeLateWrites(): void {
    const { group } = this
    const { batch } = group
    const writes = this.lateWrites
    this.lateWrites = []
    for (const write of writes) {
      const mark = batch.mark()
      try {
        this.recordForConflicts(batch)
        write.join(batch)
      } catch (error) {
        batch.rollback(mark)
        write.fail(error)
        continue
      }
      if (write.sync) group.sync = true
      group.promise.then(
        () => write.succeed(),
        (error: unknown) => write.fail(error),
      )
    }
    if (!batch.isEmpty) return
    group.isScheduled = false
    group.end()
  }

  private recordForConflicts(batch: WriteBatch): void {
    if (this.conflicts.isActive) this.conflicts.record(batch, this.lastSequence + 1)
  }

  /**
   * Commits the open group; a sync runs on this thread or in the background. Returns the failure.
   */
  private commit(syncing: 'blocking' | 'background'): VarveError | undefined {
    const { sync } = this.parts
    this.recordForConflicts(this.group.batch)
    const group = this.detachGroup()
    try {
      this.log(group)
      if (sync.isNeededFor(group)) {
        if (syncing === 'background') {
          sync.begin(group, (failure) => this.endSync(group, failure))
          return undefined
        }
        sync.runNow(group)
      }
    } catch (error) {
      this.conflicts.retractAfter(this.lastSequence)
      group.fail(error)
      return error as VarveError
    }
    this.publish(group)
    return undefined
  }

  /** Rejects a group that was never logged. */
  private failOpenGroup(error: unknown): void {
    this.conflicts.retractAfter(this.lastSequence)
    this.detachGroup().fail(error)
  }

  private detachGroup(): CommitGroup {
    const { group } = this
    this.conflicts.forgetBatch()
    const batch = this.spareBatch ?? new WriteBatch(LogWriter.headroomBytes)
    this.spareBatch = undefined
    this.group = new CommitGroup(batch)
    return group
  }

  /** Makes room for the group, assigns its sequences and logs it. */
  private log(group: CommitGroup): void {
    const { batch } = group
    const { path, log, clock, gate, rotation } = this.parts
    if (channels.commit.hasSubscribers) group.beganAtMs = clock.monotonicMs()
    rotation.makeRoomFor(batch)
    const lastSequence = this.lastSequence + batch.count
    // No database gets this far, but a damaged MANIFEST may claim so.
    if (lastSequence > maxSequence) throw corruption(path, 0, 'the sequence numbers are used up')
    batch.seal(this.lastSequence + 1)
    const logOffset = log.sizeBytes
    try {
      log.append(batch)
    } catch (error) {
      if (log.broken) throw gate.poisonWith(error)
      throw error
    }
    group.logNumber = log.logNumber
    group.logOffset = logOffset
    this.lastSequence = lastSequence
  }

  private publish(group: CommitGroup): void {
    const { batch } = group
    const { trees, turns, sync } = this.parts
    const { reader } = this
    reader.open(batch.buffer, batch.headroomBytes, batch.length)
    while (reader.next()) trees.get(reader.keyspace)!.apply(reader, group.logNumber)
    assert(reader.problem === undefined, 'a batch must be readable')
    this.visibleSequence = reader.firstSequence + batch.count - 1
    this.commits++
    this.operations += batch.count
    this.userBytes += batch.userBytes
    if (group.beganAtMs !== undefined) this.note(group, group.beganAtMs)
    sync.startInterval()
    const isTurnDue = turns.isDue(batch.count)
    batch.clear()
    this.spareBatch = batch
    group.end()
    if (isTurnDue) void turns.later(undefined).then(() => group.succeed())
    else group.succeed()
  }

  private note(group: CommitGroup, beganAtMs: number): void {
    const { path, clock, sync } = this.parts
    this.unpublished.push({
      database: path,
      operations: group.batch.count,
      sizeBytes: group.batch.userBytes,
      synced: sync.isNeededFor(group),
      durationMs: clock.monotonicMs() - beganAtMs,
    })
  }

  /** The last action of every step, because subscribers may write, too. */
  private publishMessages(): void {
    while (this.unpublished.length > 0) channels.commit.publish(this.unpublished.shift()!)
  }

  private endSync(group: CommitGroup, failure: VarveError | undefined): void {
    if (failure === undefined) this.publish(group)
    else group.fail(failure)
    this.commitOpenGroup()
    this.publishMessages()
  }

  /** Replaces a background sync with one on this thread. */
  private finishSync(): void {
    const { sync } = this.parts
    const group = sync.current
    if (group === undefined) return
    // The background sync would have committed them at its end.
    if (this.hasOpenWrites) void runEnd.then(this.closeGroup)
    try {
      sync.finishNow(group)
    } catch (error) {
      group.fail(error)
      return
    }
    this.publish(group)
  }
}

/** A resolved promise: its reactions run when the running code has ended. */
const runEnd = Promise.resolve()
