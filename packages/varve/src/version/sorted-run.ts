import { compareRanges } from '../base/bytes/bytes.js'
import { isBefore, type KeyRange } from '../key/key-range.js'
import { RunIndex } from './run-index.js'
import { type TableMetadata, totalBytes } from './table-metadata.js'

/**
 * Disjoint tables of one level, sorted by key: each key is in at most one of them. A level has one
 * or more runs; the run with the higher number is newer.
 *
 *     level 5   run 2     [a ──── h] [k ─────────── z]
 *               run 0   [a ─ c] [c ───── m] [n ─ q]
 *
 * Owned by: the Versions that share its level. Lives: as long as one of them. Immutable, except
 * that the first search creates the index.
 */
export class SortedRun {
  readonly sizeBytes: number
  private index: RunIndex | undefined

  /** Requires: at least one table; all of this level and one run, sorted and disjoint. */
  constructor(
    readonly level: number,
    readonly tables: readonly TableMetadata[],
  ) {
    this.sizeBytes = totalBytes(tables)
  }

  get number(): number {
    return this.tables[0].run
  }

  /**
   * The table whose range holds the key `bytes[start, end)`, if there is one. Allocates nothing.
   */
  tableAt(bytes: Uint8Array, start: number, end: number): TableMetadata | undefined {
    const { tables } = this
    const index = this.indexOfEndAfter(bytes, start, end)
    if (index === tables.length) return undefined
    const table = tables[index]
    const first = table.range.start
    return compareRanges(first, 0, first.length, bytes, start, end) <= 0 ? table : undefined
  }

  /** Index of the first table whose range ends after `key`, or the number of tables. */
  firstEndingAfter(key: Uint8Array): number {
    return this.indexOfEndAfter(key, 0, key.length)
  }

  /** The tables that overlap `range`, in order. A fresh array. */
  overlapping(range: KeyRange): TableMetadata[] {
    const { tables } = this
    const found: TableMetadata[] = []
    let index = this.firstEndingAfter(range.start)
    while (index < tables.length && isBefore(tables[index].range.start, range.end)) {
      found.push(tables[index++])
    }
    return found
  }

  private indexOfEndAfter(bytes: Uint8Array, start: number, end: number): number {
    return (this.index ??= new RunIndex(this.tables)).indexOfEndAfter(bytes, start, end)
  }
}
