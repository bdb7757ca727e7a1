import { type ConflictIndex, isTouched } from '../write/conflict-index.js'
import { type KeyInterval, KeyIntervals } from '../write/key-intervals.js'
import { type Conflict, tooLarge } from './transaction-errors.js'

/** Approximate memory of a recorded key, in addition to its bytes. */
const bytesPerReadKey = 80

/** The part of a range that an iterator has read so far. */
export interface ReadRange {
  readonly keyspace: number
  bounds(): KeyInterval
}

/**
 * The keys and ranges that a transaction has read from the database, present or absent.
 *
 * Owned by: a Transaction.
 */
export class ReadSet {
  memoryBytes = 0
  private readonly keys = new Map<number, Set<string>>()
  private readonly ranges = new Map<number, ReadRange[]>()

  /** `spareBytes`: memory that the transaction may still take. */
  constructor(private readonly spareBytes: () => number) {}

  addKey(keyspace: number, key: string): void {
    let keys = this.keys.get(keyspace)
    if (keys === undefined) {
      keys = new Set()
      this.keys.set(keyspace, keys)
    }
    if (keys.has(key)) return
    this.take(bytesPerReadKey + key.length)
    keys.add(key)
  }

  addRange(range: ReadRange): void {
    this.take(2 * bytesPerReadKey)
    const ranges = this.ranges.get(range.keyspace)
    if (ranges === undefined) this.ranges.set(range.keyspace, [range])
    else ranges.push(range)
  }

  private take(bytes: number): void {
    if (bytes > this.spareBytes()) throw tooLarge()
    this.memoryBytes += bytes
  }

  /** Returns a write after `sequence` to something in this set, if there is one. */
  conflictIn(index: ConflictIndex, sequence: number): Conflict | undefined {
    for (const [keyspace, keys] of this.keys) {
      for (const key of keys) {
        const write = index.writeOf(keyspace, key, sequence)
        if (write !== undefined) return { write, read: key }
      }
    }
    for (const [keyspace, ranges] of this.ranges) {
      const bounds = ranges.map((range) => range.bounds())
      const write = index.writeIn(keyspace, new KeyIntervals(bounds), sequence)
      if (write === undefined) continue
      return { write, read: bounds.find((one) => isTouched(new KeyIntervals([one]), write))! }
    }
    return undefined
  }
}
