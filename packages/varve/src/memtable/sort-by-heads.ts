import { headBytes } from '../key/key-head.js'
import { commonPrefix, compareKeys, entryHead, isWholeKey } from './key-order.js'
import type { ArenaView } from './memtable-arena.js'

/** Up to this length an insertion sort is faster than a call to the runtime's sort. */
const maxInsertionSort = 24
/** Bounds the search for a common prefix, so that its cost is proportional to the bytes skipped. */
const maxPrefixStep = 64
/** Whole numbers below this are exact in a double. */
const exactNumbers = 2 ** 53

/**
 * Sorts entries by user key, in place and stable. So if the versions of a key are passed newest
 * first, they stay newest first. `heads` are the heads of the keys after their first `depth` bytes,
 * and move with the entries. Longer keys with equal heads are sorted again by the bytes after them:
 *
 *     prefix  head    rest             by heads                group, 6 bytes deeper
 *     user:   000017  :name            user: 000017 :name      user:000017: age
 *     user:   000003  :name       →    user: 000017 :age   →   user:000017: name
 *     user:   000017  :age
 *
 * Requires: all keys share their first `depth` bytes.
 */
export function sortByHeads(
  arena: ArenaView,
  entries: Uint32Array,
  heads: Float64Array,
  depth: number,
): void {
  sortNumbers(entries, heads)
  // A stack instead of recursion, because keys may be thousands of heads long.
  const groups = [new Group(entries, heads, depth)]
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    for (let from = 0; from < group.entries.length;) {
      const to = endOfEqual(group.heads, from)
      if (to - from > 1 && !isWholeKey(group.heads[from])) {
        const equal = group.entries.subarray(from, to)
        const below = group.depth + headBytes
        if (to - from <= maxInsertionSort) sortByComparing(arena, equal, below)
        else groups.push(deeper(arena, equal, below))
      }
      from = to
    }
  }
}

/** Entries whose keys share `depth` bytes, sorted by their heads after those. */
class Group {
  constructor(
    readonly entries: Uint32Array,
    readonly heads: Float64Array,
    readonly depth: number,
  ) {}
}

function deeper(arena: ArenaView, entries: Uint32Array, sharedBytes: number): Group {
  const depth = commonPrefix(arena, entries, sharedBytes, sharedBytes + maxPrefixStep)
  const heads = new Float64Array(entries.length)
  for (let i = 0; i < entries.length; i++) heads[i] = entryHead(arena, entries[i], depth)
  sortNumbers(entries, heads)
  return new Group(entries, heads, depth)
}

function endOfEqual(heads: Float64Array, from: number): number {
  let to = from + 1
  while (to < heads.length && heads[to] === heads[from]) to++
  return to
}

/**
 * Sorts by the heads alone, stable. Packs each head and its position in the input into one number,
 * so that the runtime's sort of numbers also yields the permutation. A head that does not fit next
 * to the position is sorted in several passes, low digits first.
 */
function sortNumbers(entries: Uint32Array, heads: Float64Array): void {
  const count = entries.length
  let lowest = Infinity
  let highest = 0
  for (let i = 0; i < count; i++) {
    const head = heads[i]
    if (head < lowest) lowest = head
    if (head > highest) highest = head
  }
  const positions = 2 ** Math.ceil(Math.log2(count))
  const base = exactNumbers / positions
  for (let unit = 1; unit <= highest - lowest; unit *= base) {
    sortByDigit(entries, heads, lowest, unit, base, positions)
  }
}

/** One pass of the sort: by the digit of the heads at `unit`, in base `base`. */
function sortByDigit(
  entries: Uint32Array,
  heads: Float64Array,
  lowest: number,
  unit: number,
  base: number,
  positions: number,
): void {
  const count = entries.length
  const packed = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const rest = Math.floor((heads[i] - lowest) / unit)
    packed[i] = (rest - Math.floor(rest / base) * base) * positions + i
  }
  packed.sort()
  const oldEntries = entries.slice()
  const oldHeads = heads.slice()
  for (let i = 0; i < count; i++) {
    const position = packed[i] - Math.floor(packed[i] / positions) * positions
    entries[i] = oldEntries[position]
    heads[i] = oldHeads[position]
  }
}

function sortByComparing(arena: ArenaView, entries: Uint32Array, depth: number): void {
  for (let i = 1; i < entries.length; i++) {
    const entry = entries[i]
    let at = i
    while (at > 0 && compareKeys(arena, entries[at - 1], entry, depth) > 0) {
      entries[at] = entries[at - 1]
      at--
    }
    entries[at] = entry
  }
}
