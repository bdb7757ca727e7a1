import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { EntryRun, newestVersion } from './entry-run.js'
import { Leaf } from './leaf.js'
import type { Pile } from './pile.js'

/** A leaf of more entries is split before it is sorted, one of as many is cut before it grows. */
const maxLeafEntries = 8192
/** Into pieces of this size a leaf is cut that has become full: small, as they are to grow. */
const cutEntries = 128
const directoryEntries = 64

/**
 * The order of a memtable, coarse everywhere and fine where somebody looked: a list of leaves, each
 * sorted when a walk or a seek comes to it, and a directory of the entries at which each leaf but the
 * first begins.
 *
 *     directory            h        p        t
 *                   ╱      │        │         ╲
 *     leaves   [c f a] ⇄ [h k] ⇄ [q p p] ⇄ [t z]         only [h k] was looked at
 *
 * At the start everything is one pile. A look splits it by the heads of the keys into leaves of a few
 * thousand entries, and sorts the one that it needs: a seek behind a load of millions of entries takes
 * one pass over them, no sort. An insert finds its leaf in the directory, and waits there in the tail.
 *
 * Owned by: a MemTable that was looked at, or is likely to be; whoever opened a sealed one.
 * Invariants:
 * 1. There is at least one leaf; only the leaf of an empty index is empty.
 * 2. Entries of leaf i lie before directory entry i, those of leaf i + 1 not.
 */
export class OrderedIndex {
  private readonly directory: EntryRun
  private readonly leaves: Leaf[]

  /** `entries`: what is there already. */
  constructor(
    private readonly arena: ArenaView,
    entries?: Pile,
  ) {
    this.directory = new EntryRun(arena, directoryEntries)
    this.leaves = [new Leaf(arena)]
    if (entries !== undefined && entries.count > 0) this.leaves[0].takePile(entries)
  }

  get memoryBytes(): number {
    let bytes = this.directory.memoryBytes
    for (const leaf of this.leaves) bytes += leaf.memoryBytes
    return bytes
  }

  /** For who has not looked yet. */
  get anyLeaf(): Leaf {
    return this.leaves[0]
  }

  /** Requires: newer than every entry of the index. */
  add(entry: number): void {
    const { arena, directory, leaves } = this
    const start = keyStartOf(entry)
    const end = start + keyLengthOf(arena.words, entry)
    const leaf = leaves[directory.lowerBound(arena.bytes, start, end, newestVersion)]
    if (leaf.size < maxLeafEntries) leaf.append(entry)
    else this.addToFull(leaf, entry)
  }

  /** The first leaf, sorted. */
  first(): Leaf {
    while (!this.leaves[0].isSorted) this.sort(this.leaves[0])
    return this.leaves[0]
  }

  /** The last leaf, sorted. */
  last(): Leaf {
    for (;;) {
      const leaf = this.leaves[this.leaves.length - 1]
      if (leaf.isSorted) return leaf
      this.sort(leaf)
    }
  }

  /** The leaf behind `leaf`, sorted. */
  after(leaf: Leaf): Leaf | undefined {
    while (leaf.next?.isSorted === false) this.sort(leaf.next)
    return leaf.next
  }

  /** The leaf before `leaf`, sorted. */
  before(leaf: Leaf): Leaf | undefined {
    while (leaf.previous?.isSorted === false) this.sort(leaf.previous)
    return leaf.previous
  }

  /**
   * The leaf in which a search for (key, version) ends, see EntryRun.lowerBound, sorted: what it looks
   * for stands in this leaf or is the first of the next one.
   */
  leafFor(bytes: Uint8Array, start: number, end: number, version: number): Leaf {
    for (;;) {
      const leaf = this.leaves[this.directory.lowerBound(bytes, start, end, version)]
      if (leaf.isSorted) return leaf
      this.sort(leaf)
    }
  }

  /** The leaf that holds an entry of the index, sorted. */
  leafOf(entry: number): Leaf {
    const start = keyStartOf(entry)
    const end = start + keyLengthOf(this.arena.words, entry)
    // A leaf that begins with the entry itself counts as before it.
    return this.leafFor(this.arena.bytes, start, end, entry - 1)
  }

  private addToFull(leaf: Leaf, entry: number): void {
    if (leaf.endsBefore(entry)) {
      // Keys that arrive in order leave full leaves behind them.
      this.insertLeaf(leaf, entry).append(entry)
      return
    }
    this.sort(leaf)
    if (leaf.isSorted) this.cut(leaf)
    this.add(entry)
  }

  /** Brings order into a leaf: a large one may only be split, and is to be looked at again. */
  private sort(leaf: Leaf): void {
    if (leaf.sortTail()) return
    const pile = leaf.givePile()
    const pieces = pile.count > maxLeafEntries ? pile.split() : [pile]
    if (pieces.length === 1) {
      const [{ entries, heads, prefixLength }] = pieces
      pieces[0].sort()
      leaf.take(entries, heads, prefixLength)
      return
    }
    leaf.takePile(pieces[0])
    for (let i = pieces.length - 1; i > 0; i--) {
      this.insertLeaf(leaf, pieces[i].lowest).takePile(pieces[i])
    }
  }

  /** Leaves its first entries to a sorted leaf, the others to new ones. */
  private cut(leaf: Leaf): void {
    const { count } = leaf
    const lastCut = Math.floor((count - 1) / cutEntries) * cutEntries
    for (let from = lastCut; from > 0; from -= cutEntries) {
      leaf.copyTo(
        this.insertLeaf(leaf, leaf.entries[from]),
        from,
        Math.min(from + cutEntries, count),
      )
    }
    leaf.copyTo(leaf, 0, cutEntries)
  }

  /** A new leaf behind `leaf`, which is to begin with that entry. */
  private insertLeaf(leaf: Leaf, beginsWith: number): Leaf {
    const fresh = new Leaf(this.arena)
    fresh.previous = leaf
    fresh.next = leaf.next
    if (leaf.next !== undefined) leaf.next.previous = fresh
    leaf.next = fresh
    const index = this.leaves.indexOf(leaf)
    this.leaves.splice(index + 1, 0, fresh)
    this.directory.insert(index, beginsWith)
    return fresh
  }
}
