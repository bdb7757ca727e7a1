import type { PlacedTable } from '../../../src/protocol/tree.js'
import { compareBytes, fromBase64 } from '../source/bytes.js'

/** Where a table begins and ends on an axis of all keys, from 0 to 1. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/**
 * Places tables on an axis of all keys. The bounds of all tables cut the axis into stretches; a
 * stretch is as wide as the data in it, so that dense parts of the key space get the most room.
 */
export function keyExtents(tables: Iterable<PlacedTable>): Map<number, Extent> {
  const ranges = [...tables].map(({ table }) => ({
    fileNumber: table.fileNumber,
    sizeBytes: table.sizeBytes,
    start: table.smallestKey,
    end: table.endKey,
  }))
  const rank = rankBounds(
    ranges.flatMap(({ start, end }) => (end === null ? [start] : [start, end])),
  )
  const last = rank.size
  const rankOfEnd = (end: string | null): number => (end === null ? last : rank.get(end)!)
  // The bytes of a table spread evenly over its stretches: a difference array sums them up.
  const change = new Float64Array(last + 2)
  for (const { start, end, sizeBytes } of ranges) {
    const [from, to] = [rank.get(start)!, rankOfEnd(end)]
    const share = sizeBytes / Math.max(1, to - from)
    change[from] += share
    change[to] -= share
  }
  const position = new Float64Array(last + 1)
  let width = 0
  for (let i = 0; i < last; i++) {
    width += change[i]
    position[i + 1] = position[i] + Math.max(0, width)
  }
  const total = position[last] || 1
  return new Map(
    ranges.map(({ fileNumber, start, end }) => [
      fileNumber,
      { start: position[rank.get(start)!] / total, end: position[rankOfEnd(end)] / total },
    ]),
  )
}

/** The rank of each distinct key, given in base64. */
function rankBounds(keys: readonly string[]): Map<string, number> {
  const distinct = [...new Set(keys)].map((text) => ({ text, bytes: fromBase64(text) }))
  distinct.sort((a, b) => compareBytes(a.bytes, b.bytes))
  return new Map(distinct.map(({ text }, index) => [text, index]))
}
