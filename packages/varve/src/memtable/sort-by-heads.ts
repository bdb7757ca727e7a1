import { headBytes } from '../key/key-head.js'
import { commonPrefix, compareKeys, entryHead, isWholeKey } from './key-order.js'
import type { ArenaView } from './memtable-arena.js'

/** Up to here comparing beats the call to a sort in the runtime. */
const maxInsertionSort = 24
/** Bounds the look for a common prefix, so that work stays in proportion to the bytes it passes. */
const maxPrefixStep = 64
/** Whole numbers below this are exact in a double. */
const exactNumbers = 2 ** 53

/**
 * Sorts entries by user key, in place and stable: hand them over newest first, and the versions of
 * one key come out newest first. `heads` are those of the entries behind their first `depth` bytes, and
 * move along; keys with equal heads that go on are sorted again behind these heads:
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
  // A stack, as keys may be thousands of heads long. The heads of its groups are their own.
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

/** Entries whose keys share `depth` bytes, in the order of their heads behind those. */
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
 * Sorts by the heads alone, stable. Each head goes into one number together with its place in the
 * input, so that the runtime's own sort of numbers, which knows nothing of entries, does the work and
 * tells where everything came from. What does not fit beside the place takes a pass before.
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
  const places = 2 ** Math.ceil(Math.log2(count))
  const room = exactNumbers / places
  for (let unit = 1; unit <= highest - lowest; unit *= room) {
    sortByDigit(entries, heads, lowest, unit, room, places)
  }
}

/** One pass, by what `room` different digits of the size of `unit` can tell apart. */
function sortByDigit(
  entries: Uint32Array,
  heads: Float64Array,
  lowest: number,
  unit: number,
  room: number,
  places: number,
): void {
  const count = entries.length
  const packed = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const rest = Math.floor((heads[i] - lowest) / unit)
    packed[i] = (rest - Math.floor(rest / room) * room) * places + i
  }
  packed.sort()
  const oldEntries = entries.slice()
  const oldHeads = heads.slice()
  for (let i = 0; i < count; i++) {
    const place = packed[i] - Math.floor(packed[i] / places) * places
    entries[i] = oldEntries[place]
    heads[i] = oldHeads[place]
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
