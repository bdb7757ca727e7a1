import { BatchReader } from '../../batch/batch-reader.js'
import type { WriteBatch } from '../../batch/write-batch.js'
import { ValueKind } from '../../key/value-kind.js'
import type { KeyIntervals } from './key-intervals.js'

/**
 * Above this size, the oldest writes are dropped, and transactions that began before them conflict.
 */
const maxIndexBytes = 64 * 1024 * 1024
/** Measured in Node 20: the string and its place in the map and the list. */
const bytesPerWrite = 120
/** Dropped writes that may remain at the front of the list before it is shortened. */
const maxForgotten = 4096

/** One write: a key, or a range delete. Keys are Latin-1 strings of their bytes. */
export interface RecordedWrite {
  readonly keyspace: number
  /** The key, or the start of the deleted range. */
  readonly key: string
  /** The end of the deleted range; null: unbounded. Undefined for a key. */
  readonly end: string | null | undefined
  readonly sequence: number
}

/** Whether the write changes any key in `intervals`. */
export function isTouched(intervals: KeyIntervals, { key, end }: RecordedWrite): boolean {
  return end === undefined ? intervals.includes(key) : intervals.overlaps(key, end)
}

/** An open transaction, as the index sees it. */
export interface TrackedTransaction {
  /** The last write that it sees. */
  readonly sequence: number
  readonly memoryBytes: number
}

/**
 * The writes since the beginning of the oldest open transaction. A commit uses them to check
 * whether anything that it has read was written meanwhile. Records nothing while no transaction is
 * open.
 *
 * Owned by: the commit pipeline.
 *
 * Invariant: holds every write above `floor` that has a sequence, committed or about to be.
 */
export class ConflictIndex {
  /** Transactions that were committed, and those that were refused. */
  commits = 0
  refusals = 0
  /** Transactions that began below this sequence can no longer be checked. */
  floor = 0
  /** In the order of their sequences. The first `forgotten` of them are no longer valid. */
  private writes: RecordedWrite[] = []
  private forgotten = 0
  /** The newest write of each key, by keyspace and key; see `nameOf`. */
  private readonly newest = new Map<string, RecordedWrite>()
  private rangeDeletes: RecordedWrite[] = []
  /**
   * The open transactions in the order of their beginning, which is also that of their sequences.
   */
  private readonly open: TrackedTransaction[] = []
  private writesBytes = 0
  private readonly reader = new BatchReader()
  /** The batch that was recorded last, and how much of it. */
  private recordedBatch: WriteBatch | undefined
  private recordedLength = 0
  private recordedCount = 0

  /** Whether a transaction is open. */
  get isActive(): boolean {
    return this.open.length > 0
  }

  get openTransactions(): number {
    return this.open.length
  }

  /** Memory of the index and of the open transactions. */
  get memoryBytes(): number {
    return this.open.reduce((sum, { memoryBytes }) => sum + memoryBytes, this.writesBytes)
  }

  begin(transaction: TrackedTransaction): void {
    if (!this.isActive) this.floor = transaction.sequence
    this.open.push(transaction)
  }

  end(transaction: TrackedTransaction): void {
    const index = this.open.indexOf(transaction)
    this.open.splice(index, 1)
    if (!this.isActive) this.clear()
    else if (index === 0) this.forgetUpTo(this.open[0].sequence)
  }

  /** Records the operations that were added to `batch` since the last call for the same batch. */
  record(batch: WriteBatch, firstSequence: number): void {
    if (batch !== this.recordedBatch) this.forgetBatch(batch)
    if (batch.length === this.recordedLength) return
    const { reader } = this
    batch.seal(firstSequence)
    reader.open(batch.buffer, batch.headroomBytes, batch.length)
    if (this.recordedCount > 0) reader.skipTo(this.recordedLength, this.recordedCount)
    while (reader.next()) this.add(reader)
    this.recordedLength = batch.length
    this.recordedCount = batch.count
    while (this.writesBytes > maxIndexBytes) this.forgetUpTo(this.writes[this.forgotten].sequence)
  }

  /** Removes the writes above `sequence`, because their group has failed. */
  retractAfter(sequence: number): void {
    const { writes, newest } = this
    if (writes.length === 0 || writes[writes.length - 1].sequence <= sequence) return
    while (writes.length > this.forgotten && writes[writes.length - 1].sequence > sequence) {
      this.writesBytes -= sizeOf(writes.pop()!)
    }
    newest.clear()
    this.rangeDeletes = []
    for (let i = this.forgotten; i < writes.length; i++) this.register(writes[i])
  }

  /** Called when the batch is reused for a new group. */
  forgetBatch(batch?: WriteBatch): void {
    this.recordedBatch = batch
    this.recordedLength = 0
    this.recordedCount = 0
  }

  /** Returns a write of the key after `sequence`, if there is one. */
  writeOf(keyspace: number, key: string, sequence: number): RecordedWrite | undefined {
    const write = this.newest.get(nameOf(keyspace, key))
    if (write !== undefined && write.sequence > sequence) return write
    return this.rangeDeletes.find(
      (deleted) =>
        deleted.sequence > sequence &&
        deleted.keyspace === keyspace &&
        deleted.key <= key &&
        (deleted.end === null || key < deleted.end!),
    )
  }

  /** Returns a write after `sequence` to a key in `intervals`, if any. */
  writeIn(keyspace: number, intervals: KeyIntervals, sequence: number): RecordedWrite | undefined {
    const { writes } = this
    for (let i = writes.length - 1; i >= this.forgotten; i--) {
      const write = writes[i]
      if (write.sequence <= sequence) break
      if (write.keyspace === keyspace && isTouched(intervals, write)) return write
    }
    return undefined
  }

  private add(reader: BatchReader): void {
    const { bytes, kind, keyspace, sequence, keyStart, keyEnd, valueStart, valueEnd } = reader
    const key = bytes.toString('latin1', keyStart, keyEnd)
    let end: string | null | undefined
    if (kind === ValueKind.rangeDelete) {
      end = reader.unbounded ? null : bytes.toString('latin1', valueStart, valueEnd)
    }
    const write = { keyspace, key, end, sequence }
    this.writes.push(write)
    this.writesBytes += sizeOf(write)
    this.register(write)
  }

  private register(write: RecordedWrite): void {
    if (write.end !== undefined) this.rangeDeletes.push(write)
    else this.newest.set(nameOf(write.keyspace, write.key), write)
  }

  private forgetUpTo(sequence: number): void {
    const { writes, newest } = this
    this.floor = Math.max(this.floor, sequence)
    while (this.forgotten < writes.length && writes[this.forgotten].sequence <= sequence) {
      const write = writes[this.forgotten++]
      this.writesBytes -= sizeOf(write)
      const name = nameOf(write.keyspace, write.key)
      if (newest.get(name) === write) newest.delete(name)
    }
    this.rangeDeletes = this.rangeDeletes.filter((deleted) => deleted.sequence > sequence)
    if (this.forgotten < maxForgotten || this.forgotten < writes.length / 2) return
    this.writes = writes.slice(this.forgotten)
    this.forgotten = 0
  }

  private clear(): void {
    this.writes = []
    this.forgotten = 0
    this.newest.clear()
    this.rangeDeletes = []
    this.writesBytes = 0
    this.forgetBatch()
  }
}

/**
 * Joins both in one string, because a Map compares only primitives by value. Keys are Latin-1, so
 * their first letter is always lower.
 */
function nameOf(keyspace: number, key: string): string {
  return keyspace === 0 ? key : `\u0100${keyspace} ${key}`
}

function sizeOf({ key, end }: RecordedWrite): number {
  return bytesPerWrite + key.length + (end?.length ?? 0)
}
