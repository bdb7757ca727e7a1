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
import type { GroupSync } from './group-sync.js'
import type { Rotation } from './rotation.js'
import type { WriteGate } from './write-gate.js'
import type { WriteStalls } from './write-stalls.js'

/** A group that reaches this size is committed at once instead of after the running code. */
const maxGroupBytes = 1024 * 1024

/**
 * Commits between two polls for messages of the background thread, when the caller never yields.
 */
const commitsPerPoll = 64

export interface PipelineParts {
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
 * Commits all writes, in one order. Operations collect in the open group until the running code
 * ends, a microtask later. The group is logged with one write, synced if asked for, and inserted
 * into the memtables; only then is it visible. While one group is being synced the next one fills.
 *
 *     open group ──close──▶ room, sequences, log ──▶ (sync) ──▶ memtable ──▶ visible ──▶ promise
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

  private group: CommitGroup
  /** The open group waits for flushes or compactions. */
  private isHeld = false
  private spareBatch: WriteBatch | undefined
  private lastSequence: number
  private readonly reader = new BatchReader()
  /** Messages for subscribers, published when nothing else runs on this thread: two at most. */
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

  /** The batch to put operations in; then call `submit` or `commitBlocking`. */
  open(): WriteBatch {
    const { refusal } = this.parts.gate
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

  /** Commits what is in the batch, and every group before it, before it returns. */
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
      this.detachGroup().fail(error)
      throw error
    }
    const failure = this.commit('blocking')
    if (failure !== undefined) throw failure
    this.publishMessages()
  }

  /** Resolves when everything submitted so far has settled. */
  async drain(): Promise<void> {
    const { sync } = this.parts
    while (sync.current !== undefined || !this.group.batch.isEmpty) {
      const { promise } = sync.current ?? this.group
      this.commitOpenGroup()
      await promise.catch(() => {})
    }
  }

  /**
   * Seals the memtables, or that of one tree, so that a flush takes everything submitted so far.
   * Resolves with the highest sequence in them.
   */
  sealMemtables(tree?: Tree): Promise<number> {
    return this.betweenGroups(() => this.rotate(tree))
  }

  /**
   * Runs `run` once everything submitted so far is in the memtables, or has failed, and before a
   * later group is logged: the logs then hold exactly what readers see.
   */
  betweenGroups<T>(run: () => T): Promise<T> {
    this.commitOpenGroup()
    const last = this.group.batch.isEmpty ? this.parts.sync.current : this.group
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
    assert(this.parts.sync.current === undefined, 'a group goes into the memtable of its log')
    this.parts.rotation.sealFilled(tree)
    return this.visibleSequence
  }

  /** Forgets a tree. Requires: no submitted operation is for it. */
  forget(tree: Tree): void {
    this.parts.rotation.forget(tree)
  }

  /** Refuses new writes from now on, with `reason`. Submitted ones are still committed. */
  refuse(reason: VarveError): void {
    this.parts.gate.close(reason)
    this.parts.sync.stopInterval()
  }

  /** Makes everything committed durable, at the end. Requires: drained. */
  async syncLog(): Promise<void> {
    const { log } = this.parts
    if (log.broken) return
    if (log.needsSync) await log.syncAsync()
    log.markEnd()
  }

  private commitOpenGroup(): void {
    const { sync, gate, stalls, rotation } = this.parts
    const { batch } = this.group
    if (sync.current !== undefined || this.isHeld || batch.isEmpty) return
    let held: Promise<void> | undefined
    try {
      if (gate.poisoned !== undefined) throw gate.poisoned
      held = stalls.hold(batch.payloadBytes, rotation.isNeededFor(batch), rotation.pressing(batch))
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
    // A failure settles the group's promise.
    this.commit('background')
    this.publishMessages()
  }

  /**
   * Commits the open group; a sync runs on this thread or in the background. Returns the failure.
   */
  private commit(syncing: 'blocking' | 'background'): VarveError | undefined {
    const { sync } = this.parts
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
      group.fail(error)
      return error as VarveError
    }
    this.publish(group)
    return undefined
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
    const { path, log, clock, gate, rotation } = this.parts
    if (channels.commit.hasSubscribers) group.beganAtMs = clock.monotonicMs()
    rotation.makeRoomFor(batch)
    const lastSequence = this.lastSequence + batch.count
    // No database reaches this, but a damaged MANIFEST may claim it.
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
    assert(reader.problem === undefined, 'a batch is read as it was written')
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

  /** Last in every step, because subscribers may write, too. */
  private publishMessages(): void {
    while (this.unpublished.length > 0) channels.commit.publish(this.unpublished.shift()!)
  }

  private endSync(group: CommitGroup, failure: VarveError | undefined): void {
    if (failure === undefined) this.publish(group)
    else group.fail(failure)
    this.commitOpenGroup()
    this.publishMessages()
  }

  /** Ends a sync in the background with one on this thread. */
  private finishSync(): void {
    const { sync } = this.parts
    const group = sync.current
    if (group === undefined) return
    try {
      sync.finishNow(group)
    } catch (error) {
      group.fail(error)
      return
    }
    this.publish(group)
  }
}

/** Resolved: its reactions run when the running code has ended. */
const runEnd = Promise.resolve()
