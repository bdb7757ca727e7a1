import { assert } from '../base/assert.js'
import { searchHeads } from '../key/key-head.js'
import { ValueKind } from '../key/value-kind.js'
import { entryBehind, firstEntry, keyLengthOf, kindOf, noEntry } from './entry.js'
import { commonPrefix, compareKeys, entryHead, sharedPrefix, sharesPrefix } from './key-order.js'
import type { ArenaView } from './memtable-arena.js'
import { sortByHeads } from './sort-by-heads.js'

/** What a split aims at for each piece. */
const pieceEntries = 4096
/** Of this many heads a piece, the bounds between the pieces are drawn. */
const samplesPerPiece = 4

/**
 * Entries in no order, and beside each its head (measured, see key-order.ts). What is to be done with
 * them, to split and to sort, is done with the heads, numbers that lie side by side; to go to the keys
 * would be a cache miss for each.
 *
 * Owned by: the leaf that holds it.
 * Invariants:
 * 1. All keys share their first `prefixLength` bytes; heads are taken from behind those.
 * 2. Of two versions of a key the newer comes first.
 */
export class Pile {
  constructor(
    private readonly arena: ArenaView,
    readonly entries: Uint32Array,
    readonly heads: Float64Array,
    readonly prefixLength: number,
  ) {}

  /** The `entryCount` entries, range deletes left out, in the first `usedBytes` of an arena. */
  static ofArena(arena: ArenaView, usedBytes: number, entryCount: number): Pile {
    const { words } = arena
    const entries = new Uint32Array(entryCount)
    const heads = new Float64Array(entryCount)
    const end = firstEntry + usedBytes / 4
    let position = entryCount
    let first = noEntry
    let prefixLength = 0
    /** From here on, heads stand behind a longer prefix that not all keys turned out to share. */
    let outdated = entryCount
    for (let entry = firstEntry; entry < end; entry = entryBehind(words, entry)) {
      if (kindOf(words, entry) === ValueKind.rangeDelete) continue
      if (first === noEntry) {
        first = entry
        prefixLength = keyLengthOf(words, entry)
      } else if (!sharesPrefix(arena, entry, first, prefixLength, 0)) {
        prefixLength = sharedPrefix(arena, entry, first, prefixLength, 0)
        outdated = position
      }
      entries[--position] = entry
      heads[position] = entryHead(arena, entry, prefixLength)
    }
    assert(position === 0, 'a memtable holds as many entries as it counted')
    for (let i = outdated; i < entryCount; i++) {
      heads[i] = entryHead(arena, entries[i], prefixLength)
    }
    return new Pile(arena, entries, heads, prefixLength)
  }

  /** Requires: of two versions of a key, the newer comes first. */
  static of(arena: ArenaView, entries: Uint32Array): Pile {
    const prefixLength = entries.length === 0 ? 0 : commonPrefix(arena, entries, 0, Infinity)
    const heads = new Float64Array(entries.length)
    for (let i = 0; i < entries.length; i++) heads[i] = entryHead(arena, entries[i], prefixLength)
    return new Pile(arena, entries, heads, prefixLength)
  }

  get count(): number {
    return this.entries.length
  }

  get memoryBytes(): number {
    return this.entries.byteLength + this.heads.byteLength
  }

  /** The first in order. Requires: not empty. */
  get lowest(): number {
    const { arena, entries, heads, prefixLength } = this
    let at = 0
    for (let i = 1; i < entries.length; i++) {
      if (heads[i] > heads[at]) continue
      const isLower = heads[i] < heads[at]
      if (isLower || compareKeys(arena, entries[i], entries[at], prefixLength) < 0) at = i
    }
    return entries[at]
  }

  /** Orders entries and heads where they are. */
  sort(): void {
    sortByHeads(this.arena, this.entries, this.heads, this.prefixLength)
  }

  /**
   * Piles of which each lies before the next one. One alone when most keys are equal, or so long and
   * alike that only a sort can tell them apart.
   */
  split(): Pile[] {
    const bounds = this.chooseBounds()
    if (bounds.length > 0) return this.splitAt(bounds)
    const deeper = Pile.of(this.arena, this.entries)
    if (deeper.prefixLength === this.prefixLength) return [this]
    return deeper.splitAt(deeper.chooseBounds())
  }

  /** Heads at which pieces are to end, ascending. None when all that were sampled are equal. */
  private chooseBounds(): Float64Array {
    const { heads } = this
    const pieces = Math.ceil(heads.length / pieceEntries)
    const samples = new Float64Array(pieces * samplesPerPiece)
    const step = heads.length / samples.length
    for (let i = 0; i < samples.length; i++) samples[i] = heads[Math.floor(i * step)]
    samples.sort()
    const highest = samples[samples.length - 1]
    const ends = samples.filter((_, i) => i % samplesPerPiece === samplesPerPiece - 1)
    return ends.filter((head, i) => head < highest && (i === 0 || head > ends[i - 1]))
  }

  /** Requires: ascending. A piece ends with the heads that are equal to its bound. */
  private splitAt(bounds: Float64Array): Pile[] {
    const { arena, entries, heads, prefixLength } = this
    const pieceOf = new Uint32Array(heads.length)
    for (let i = 0; i < pieceOf.length; i++) {
      pieceOf[i] = searchHeads(bounds, 0, bounds.length, heads[i])
    }
    const ends = new Uint32Array(bounds.length + 2)
    for (let i = 0; i < pieceOf.length; i++) ends[pieceOf[i] + 1]++
    for (let piece = 1; piece < ends.length; piece++) ends[piece] += ends[piece - 1]
    const starts = ends.slice()
    const splitEntries = new Uint32Array(entries.length)
    const splitHeads = new Float64Array(entries.length)
    for (let i = 0; i < pieceOf.length; i++) {
      const at = starts[pieceOf[i]]++
      splitEntries[at] = entries[i]
      splitHeads[at] = heads[i]
    }
    const pieces: Pile[] = []
    for (let piece = 0; piece <= bounds.length; piece++) {
      const from = ends[piece]
      const to = ends[piece + 1]
      if (from === to) continue
      const own = splitEntries.subarray(from, to)
      pieces.push(new Pile(arena, own, splitHeads.subarray(from, to), prefixLength))
    }
    return pieces
  }
}
