import { compareBytes, pooledCopy } from '../../base/bytes/bytes.js'
import type { BatchReader } from '../../batch/batch-reader.js'
import type { WriteBatch } from '../../batch/write-batch.js'
import { type KeyRange, rangeContains, rangeContainsSlice } from '../../key/key-range.js'
import type { ValueKind } from '../../key/value-kind.js'
import { tooLarge } from './transaction-errors.js'

/** A write that is not committed yet. */
export interface PendingWrite {
  readonly keyBytes: Buffer
  /** `put`, `putWithExpiry` or `delete`. */
  readonly kind: ValueKind
  /** Starts with the expiry time if the kind has one. Empty for a delete. */
  readonly valueBytes: Buffer
}

/** Copies the current operation. Requires: it is not a range delete. */
export function pendingWrite(reader: BatchReader): PendingWrite {
  const { bytes, kind, keyStart, keyEnd, valueStart, valueEnd } = reader
  return {
    kind: kind as ValueKind,
    keyBytes: pooledCopy(bytes, keyStart, keyEnd),
    valueBytes: pooledCopy(bytes, valueStart, valueEnd),
  }
}

/** Approximate memory of a pending write, in addition to its bytes. */
const bytesPerWrite = 300

/** Approximate memory of an entry of the undo log besides what it keeps. */
const bytesPerUndo = 100

/** How to take a write back. */
interface Undo {
  readonly run: () => void
  /** Memory that it keeps. */
  readonly sizeBytes: number
}

/**
 * The writes of a transaction to one keyspace, readable before they are committed: the newest write
 * of each key, and the cleared ranges below them.
 *
 * Owned by: a Transaction.
 *
 * Invariant: a clear removes the writes that it covers, so every write is newer than every clear.
 */
export class IndexedBatch {
  private writesBytes = 0
  private undoBytes = 0
  private writes = new Map<string, PendingWrite>()
  private clears: readonly KeyRange[] = []
  /** The writes in key order; undefined after a change. */
  private sorted: readonly PendingWrite[] | undefined
  /** Since the first savepoint, the newest last. */
  private undoLog: Undo[] = []
  private keepsUndo = false

  constructor(
    readonly keyspace: number,
    /** Memory that the transaction may still use. */
    private readonly spareBytes: () => number,
  ) {}

  /** With what a rollback to a savepoint needs. */
  get memoryBytes(): number {
    return this.writesBytes + this.undoBytes
  }

  get isEmpty(): boolean {
    return this.writes.size === 0 && this.clears.length === 0
  }

  find(key: Buffer, keyLength: number): PendingWrite | undefined {
    if (this.writes.size === 0) return undefined
    return this.writes.get(key.toString('latin1', 0, keyLength))
  }

  hasCleared(bytes: Uint8Array, start: number, end: number): boolean {
    return this.clears.some((range) => rangeContainsSlice(range, bytes, start, end))
  }

  /** The writes in key order. Later changes do not affect the returned list. */
  inOrder(): readonly PendingWrite[] {
    this.sorted ??= [...this.writes.values()].sort((a, b) => compareBytes(a.keyBytes, b.keyBytes))
    return this.sorted
  }

  /** The cleared ranges. Later changes do not affect the returned list. */
  clearedRanges(): readonly KeyRange[] {
    return this.clears
  }

  /** @throws INVALID_ARGUMENT if the transaction becomes too large */
  write(write: PendingWrite): void {
    const name = write.keyBytes.toString('latin1')
    const previous = this.writes.get(name)
    const previousBytes = previous === undefined ? 0 : sizeOf(previous)
    const undoBytes = this.keepsUndo ? bytesPerUndo + previousBytes : 0
    if (sizeOf(write) - previousBytes + undoBytes > this.spareBytes()) throw tooLarge()
    this.set(name, write)
    if (this.keepsUndo) this.addUndo(undoBytes, () => this.set(name, previous))
  }

  /** @throws INVALID_ARGUMENT if the transaction becomes too large */
  clear(range: KeyRange): void {
    if (bytesPerWrite + bytesPerUndo > this.spareBytes()) throw tooLarge()
    const { writes, clears, writesBytes } = this
    const kept = new Map<string, PendingWrite>()
    let clearedBytes = 0
    for (const [name, write] of writes) {
      if (rangeContains(range, write.keyBytes)) clearedBytes += sizeOf(write)
      else kept.set(name, write)
    }
    this.writes = kept
    this.clears = [...clears, range]
    this.writesBytes += bytesPerWrite - clearedBytes
    this.sorted = undefined
    if (!this.keepsUndo) return
    this.addUndo(bytesPerUndo + clearedBytes, () => {
      this.writes = writes
      this.clears = clears
      this.writesBytes = writesBytes
      this.sorted = undefined
    })
  }

  /** The current state, for `rollbackTo`. */
  savepoint(): number {
    this.keepsUndo = true
    return this.undoLog.length
  }

  rollbackTo(savepoint: number): void {
    while (this.undoLog.length > savepoint) {
      const { run, sizeBytes } = this.undoLog.pop()!
      run()
      this.undoBytes -= sizeBytes
    }
  }

  /** Ends all savepoints. */
  forgetSavepoints(): void {
    this.keepsUndo = false
    this.undoLog = []
    this.undoBytes = 0
  }

  /** Adds all operations to `batch`. */
  writeTo(batch: WriteBatch): void {
    for (const { start, end } of this.clears) batch.rangeDelete(this.keyspace, start, end)
    for (const { kind, keyBytes, valueBytes } of this.writes.values()) {
      batch.begin(kind, this.keyspace)
      batch.appendBytes(keyBytes)
      batch.endKey()
      batch.appendBytes(valueBytes)
      batch.end()
    }
  }

  private addUndo(sizeBytes: number, run: () => void): void {
    this.undoLog.push({ run, sizeBytes })
    this.undoBytes += sizeBytes
  }

  private set(name: string, write: PendingWrite | undefined): void {
    const previous = this.writes.get(name)
    if (previous !== undefined) this.writesBytes -= sizeOf(previous)
    if (write === undefined) this.writes.delete(name)
    else {
      this.writes.set(name, write)
      this.writesBytes += sizeOf(write)
    }
    this.sorted = undefined
  }
}

function sizeOf({ keyBytes, valueBytes }: PendingWrite): number {
  return bytesPerWrite + 2 * keyBytes.length + valueBytes.length
}
