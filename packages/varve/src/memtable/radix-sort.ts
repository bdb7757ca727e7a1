import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { compareKeys, headWord, sharedKeyLength } from './key-order.js'

/**
 * Sorts entries by user key, in place and stable: hand them over newest first, and the versions of
 * one key come out newest first.
 */
export function sortEntries(arena: ArenaView, entries: Uint32Array): void {
  new RadixSorter(arena, entries).sort()
}

const headLength = 8
const digits = 256
/** Up to here comparing beats counting: a pass costs 256 steps however few entries there are. */
const maxInsertionSort = 24
/** Bounds the look for a common prefix, so that work stays in proportion to the bytes it passes. */
const maxPrefixStep = 64

/**
 * Least-significant-digit radix sort over the eight bytes that follow the common prefix, held in two
 * arrays of numbers, so that the passes never touch the keys. Groups of equal heads are sorted again
 * behind those eight bytes:
 *
 *     prefix  head      rest             after the passes        group, 8 bytes deeper
 *     user:   00000017  :name            user: 00000017 :name    user:00000017: age
 *     user:   00000003  :name       →    user: 00000017 :age  →  user:00000017: name
 *     user:   00000017  :age
 *
 * Heads are padded with zeros, so `ab`, `ab\0` and `ab\0\0` have equal heads. A first, least
 * significant digit tells them apart: how many bytes of the head are key, or 9 for a key that goes
 * on. Of a group with equal heads those that end within the head are thereby in order already, and
 * stand before those that go on.
 *
 * Lives: for one sort.
 */
class RadixSorter {
  private readonly counts = new Uint32Array(digits)
  /** Bytes of each head that belong to the key; headLength + 1 for a longer key. */
  private readonly lengths: Uint32Array
  private high: Uint32Array
  private low: Uint32Array
  private otherEntries: Uint32Array
  private otherHigh: Uint32Array
  private otherLow: Uint32Array
  /** Ranges still to sort, as triples (from, to, depth): a stack, as keys may be 8192 heads long. */
  private readonly pending: number[] = []

  constructor(
    private readonly arena: ArenaView,
    private entries: Uint32Array,
  ) {
    const count = entries.length
    this.lengths = new Uint32Array(count)
    this.high = new Uint32Array(count)
    this.low = new Uint32Array(count)
    this.otherEntries = new Uint32Array(count)
    this.otherHigh = new Uint32Array(count)
    this.otherLow = new Uint32Array(count)
  }

  sort(): void {
    this.plan(0, this.entries.length, 0)
    while (this.pending.length > 0) {
      const depth = this.pending.pop()!
      const to = this.pending.pop()!
      const from = this.pending.pop()!
      this.sortRange(from, to, depth)
    }
  }

  private plan(from: number, to: number, depth: number): void {
    if (to - from <= maxInsertionSort) this.sortByComparing(from, to, depth)
    else this.pending.push(from, to, depth)
  }

  private sortByComparing(from: number, to: number, depth: number): void {
    const { arena, entries } = this
    for (let i = from + 1; i < to; i++) {
      const entry = entries[i]
      let at = i
      while (at > from && compareKeys(arena, entries[at - 1], entry, depth) > 0) {
        entries[at] = entries[at - 1]
        at--
      }
      entries[at] = entry
    }
  }

  private sortRange(from: number, to: number, depth: number): void {
    const prefix = this.commonPrefix(from, to, depth)
    this.sortByHeads(from, to, prefix)
    const { high, low } = this
    for (let start = from; start < to;) {
      let end = start + 1
      while (end < to && high[end] === high[start] && low[end] === low[start]) end++
      if (end - start > 1) this.planLonger(start, end, prefix + headLength)
      start = end
    }
  }

  /** Of a group with equal heads, what goes on behind the head is still unsorted. */
  private planLonger(start: number, end: number, depth: number): void {
    const words = this.arena.words
    while (start < end && keyLengthOf(words, this.entries[start]) <= depth) start++
    if (end - start > 1) this.plan(start, end, depth)
  }

  private commonPrefix(from: number, to: number, depth: number): number {
    const { arena, entries } = this
    const first = entries[from]
    const start = keyStartOf(first)
    let prefix = Math.min(keyLengthOf(arena.words, first), depth + maxPrefixStep)
    for (let i = from + 1; i < to && prefix > depth; i++) {
      prefix = sharedKeyLength(arena, entries[i], arena.bytes, start, start + prefix, depth)
    }
    return prefix
  }

  private sortByHeads(from: number, to: number, depth: number): void {
    const { arena, entries, high, low, lengths } = this
    const { bytes, words } = arena
    let highBits = 0
    let lowBits = 0
    let lengthBits = 0
    for (let i = from; i < to; i++) {
      const start = keyStartOf(entries[i]) + depth
      const rest = keyLengthOf(words, entries[i]) - depth
      high[i] = headWord(bytes, start, start + rest)
      low[i] = headWord(bytes, start + 4, start + rest)
      lengths[i] = rest > headLength ? headLength + 1 : rest
      highBits |= high[i] ^ high[from]
      lowBits |= low[i] ^ low[from]
      lengthBits |= lengths[i] ^ lengths[from]
    }
    // A digit in which no bit differs has one bucket: the pass would change nothing.
    let passes = 0
    if (lengthBits !== 0) passes += this.distribute(from, to, this.lengths, 0)
    for (let shift = 0; shift < 32; shift += 8) {
      if (((lowBits >>> shift) & 255) !== 0) passes += this.distribute(from, to, this.low, shift)
    }
    for (let shift = 0; shift < 32; shift += 8) {
      if (((highBits >>> shift) & 255) !== 0) passes += this.distribute(from, to, this.high, shift)
    }
    if (passes % 2 === 1) this.copyBack(from, to)
  }

  /** One stable pass by one digit; then what is sorted and what is spare change places. */
  private distribute(from: number, to: number, keys: Uint32Array, shift: number): number {
    const { counts, entries, high, low, otherEntries, otherHigh, otherLow } = this
    counts.fill(0)
    for (let i = from; i < to; i++) counts[(keys[i] >>> shift) & 255]++
    let position = from
    for (let digit = 0; digit < digits; digit++) {
      const count = counts[digit]
      counts[digit] = position
      position += count
    }
    for (let i = from; i < to; i++) {
      const target = counts[(keys[i] >>> shift) & 255]++
      otherEntries[target] = entries[i]
      otherHigh[target] = high[i]
      otherLow[target] = low[i]
    }
    this.swap()
    return 1
  }

  private swap(): void {
    const { entries, high, low } = this
    this.entries = this.otherEntries
    this.high = this.otherHigh
    this.low = this.otherLow
    this.otherEntries = entries
    this.otherHigh = high
    this.otherLow = low
  }

  /** After an odd number of passes the range stands in the spare arrays, the rest does not. */
  private copyBack(from: number, to: number): void {
    this.swap()
    const { entries, high, low, otherEntries, otherHigh, otherLow } = this
    for (let i = from; i < to; i++) {
      entries[i] = otherEntries[i]
      high[i] = otherHigh[i]
      low[i] = otherLow[i]
    }
  }
}
