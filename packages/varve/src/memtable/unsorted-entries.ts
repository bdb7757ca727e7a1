import { assert } from '../base/assert.js'
import { searchHeads } from '../key/key-head.js'
import { ValueKind } from '../key/value-kind.js'
import { entryAfter, firstEntry, keyLengthOf, kindOf, noEntry } from './entry.js'
import { commonPrefix, compareKeys, entryHead, sharedPrefix, sharesPrefix } from './key-order.js'
import type { ArenaView } from './memtable-arena.js'
import { sortByHeads } from './sort-by-heads.js'

/** Target size of each part of a split. */
const entriesPerPart = 4096
/** Heads sampled per part to choose the bounds of a split. */
const samplesPerPart = 4

/**
 * Entries that wait to be sorted, each with its measured head, see key-order.ts. Splitting and
 * sorting use the heads, which are adjacent numbers. Reading the keys would cost a cache miss each.
 *
 * Owned by: the leaf that holds it.
 * Invariants:
 * 1. All keys share their first `prefixLength` bytes; heads start after those.
 * 2. The newer of two versions of a key is first.
 */
export class UnsortedEntries {
  constructor(
    private readonly arena: ArenaView,
    readonly entries: Uint32Array,
    readonly heads: Float64Array,
    readonly prefixLength: number,
  ) {}

  /** The `entryCount` entries in the first `usedBytes` of an arena, without range deletes. */
  static ofArena(arena: ArenaView, usedBytes: number, entryCount: number): UnsortedEntries {
    const { words } = arena
    const entries = new Uint32Array(entryCount)
    const heads = new Float64Array(entryCount)
    const end = firstEntry + usedBytes / 4
    let position = entryCount
    let first = noEntry
    let prefixLength = 0
    /**
     * From this position on, heads start after a prefix that turned out not to be shared by all.
     */
    let outdated = entryCount
    for (let entry = firstEntry; entry < end; entry = entryAfter(words, entry)) {
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
    assert(position === 0, 'a memtable has as many entries as it counted')
    for (let i = outdated; i < entryCount; i++) {
      heads[i] = entryHead(arena, entries[i], prefixLength)
    }
    return new UnsortedEntries(arena, entries, heads, prefixLength)
  }

  /** Requires: the newer of two versions of a key is first. */
  static of(arena: ArenaView, entries: Uint32Array): UnsortedEntries {
    const prefixLength = entries.length === 0 ? 0 : commonPrefix(arena, entries, 0, Infinity)
    const heads = new Float64Array(entries.length)
    for (let i = 0; i < entries.length; i++) heads[i] = entryHead(arena, entries[i], prefixLength)
    return new UnsortedEntries(arena, entries, heads, prefixLength)
  }

  get count(): number {
    return this.entries.length
  }

  get memoryBytes(): number {
    return this.entries.byteLength + this.heads.byteLength
  }

  /** The first entry in key order. Requires: not empty. */
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

  /** Sorts entries and heads in place. */
  sort(): void {
    sortByHeads(this.arena, this.entries, this.heads, this.prefixLength)
  }

  /**
   * Splits into parts; all keys of a part sort before those of the next one. Returns a single part
   * if most keys are equal, or have a common prefix that is too long for this.
   */
  split(): UnsortedEntries[] {
    const bounds = this.chooseBounds()
    if (bounds.length > 0) return this.splitAt(bounds)
    const deeper = UnsortedEntries.of(this.arena, this.entries)
    if (deeper.prefixLength === this.prefixLength) return [this]
    return deeper.splitAt(deeper.chooseBounds())
  }

  /** Heads at which parts end, ascending. Empty if all sampled heads are equal. */
  private chooseBounds(): Float64Array {
    const { heads } = this
    const parts = Math.ceil(heads.length / entriesPerPart)
    const samples = new Float64Array(parts * samplesPerPart)
    const step = heads.length / samples.length
    for (let i = 0; i < samples.length; i++) samples[i] = heads[Math.floor(i * step)]
    samples.sort()
    const highest = samples[samples.length - 1]
    const ends = samples.filter((_, i) => i % samplesPerPart === samplesPerPart - 1)
    return ends.filter((head, i) => head < highest && (i === 0 || head > ends[i - 1]))
  }

  /** Heads equal to a bound belong to the part that it ends. Requires: ascending. */
  private splitAt(bounds: Float64Array): UnsortedEntries[] {
    const { arena, entries, heads, prefixLength } = this
    const partOf = new Uint32Array(heads.length)
    for (let i = 0; i < partOf.length; i++) {
      partOf[i] = searchHeads(bounds, 0, bounds.length, heads[i])
    }
    const ends = new Uint32Array(bounds.length + 2)
    for (let i = 0; i < partOf.length; i++) ends[partOf[i] + 1]++
    for (let part = 1; part < ends.length; part++) ends[part] += ends[part - 1]
    const starts = ends.slice()
    const splitEntries = new Uint32Array(entries.length)
    const splitHeads = new Float64Array(entries.length)
    for (let i = 0; i < partOf.length; i++) {
      const at = starts[partOf[i]]++
      splitEntries[at] = entries[i]
      splitHeads[at] = heads[i]
    }
    const parts: UnsortedEntries[] = []
    for (let part = 0; part <= bounds.length; part++) {
      const from = ends[part]
      const to = ends[part + 1]
      if (from === to) continue
      const own = splitEntries.subarray(from, to)
      parts.push(new UnsortedEntries(arena, own, splitHeads.subarray(from, to), prefixLength))
    }
    return parts
  }
}
