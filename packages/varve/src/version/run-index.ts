import { compareRanges, sharedPrefixLength } from '../base/bytes/bytes.js'
import { keyHead } from '../key/key-head.js'
import type { TableMetadata } from './table-metadata.js'

/**
 * Finds a table of a sorted run by key. Stores the six bytes of each bound after their common
 * prefix as a number, so that a search reads one array and compares bytes only where numbers are
 * equal:
 *
 *     ends    user:00041  user:00077  user:00912  (none)
 *     heads   "041"       "077"       "912"       Infinity          common prefix "user:00"
 *
 * Owned by: a SortedRun. Lives: as long as its owner. Immutable.
 */
export class RunIndex {
  private readonly prefix: Uint8Array
  private readonly heads: Float64Array
  private readonly boundedCount: number

  /** Requires: the tables are sorted and disjoint. */
  constructor(private readonly tables: readonly TableMetadata[]) {
    const ends = tables.map((table) => table.range.end).filter((end) => end !== null)
    const shared = ends.length === 0 ? 0 : sharedPrefixLength(ends[0], ends[ends.length - 1])
    this.boundedCount = ends.length
    this.prefix = ends.length === 0 ? new Uint8Array(0) : ends[0].subarray(0, shared)
    this.heads = new Float64Array(tables.length).fill(Infinity)
    for (const [i, end] of ends.entries()) this.heads[i] = keyHead(end, shared, end.length)
  }

  /** Index of the first table whose range ends after the key, or the number of tables. */
  indexOfEndAfter(bytes: Uint8Array, start: number, end: number): number {
    const { prefix, heads, tables } = this
    const headAt = start + prefix.length
    const order = compareRanges(bytes, start, headAt < end ? headAt : end, prefix, 0, prefix.length)
    if (order < 0) return 0
    if (order > 0) return this.boundedCount
    const head = keyHead(bytes, headAt, end)
    let low = 0
    let high = heads.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = heads[middle]
      if (other < head || (other === head && !endsAfter(tables[middle], bytes, start, end))) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}

function endsAfter(table: TableMetadata, bytes: Uint8Array, start: number, end: number): boolean {
  const limit = table.range.end
  return limit === null || compareRanges(limit, 0, limit.length, bytes, start, end) > 0
}
