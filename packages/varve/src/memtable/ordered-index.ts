import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { EntryRun, newestVersion } from './entry-run.js'
import { Leaf } from './leaf.js'
import type { UnsortedEntries } from './unsorted-entries.js'

/**
 * A larger leaf is split before it is sorted; a sorted leaf of this size is cut before it grows.
 */
const maxLeafEntries = 8192
/** A full leaf is cut into leaves of this size: small ones, because they will grow. */
const cutEntries = 128
const directoryEntries = 64

/**
 * The order of a memtable, sorted lazily: a list of leaves, each sorted when a walk or a seek first
 * reads it, and a directory with the first entry of each leaf except the first leaf.
 *
 *     directory            h        p        t
 *                   ╱      │        │         ╲
 *     leaves   [c f a] ⇄ [h k] ⇄ [q p p] ⇄ [t z]         only [h k] was read
 *
 * The index starts as one unsorted leaf. The first read splits it, by the heads of the keys, into
 * leaves of a few thousand entries, and sorts the one that it needs. So a seek after millions of
 * inserts takes one pass over the entries instead of a full sort. An insert finds its leaf in the
 * directory and is appended to the leaf's tail.
 *
 * Owned by: a MemTable that is or will be scanned, or the flush of a sealed one.
 * Invariants:
 * 1. At least one leaf exists; only the leaf of an empty index is empty.
 * 2. Entries of leaf i sort before directory entry i; those of leaf i + 1 do not.
 */
export class OrderedIndex {
  private readonly directory: EntryRun
  private readonly leaves: Leaf[]

  /** `entries`: the initial content. */
  constructor(
    private readonly arena: ArenaView,
    entries?: UnsortedEntries,
  ) {
    this.directory = new EntryRun(arena, directoryEntries)
    this.leaves = [new Leaf(arena)]
    if (entries !== undefined && entries.count > 0) this.leaves[0].replaceWithUnsorted(entries)
  }

  get memoryBytes(): number {
    let bytes = this.directory.memoryBytes
    for (const leaf of this.leaves) bytes += leaf.memoryBytes
    return bytes
  }

  /** Any leaf, as the position of an iterator before its first seek. */
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

  /** The leaf after `leaf`, sorted. */
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
   * The leaf in which a search for (key, version) ends, sorted. The result of the search, see
   * EntryRun.lowerBound, is in this leaf or is the first entry of the next one.
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
    // `entry - 1` also finds a leaf that starts with the entry itself.
    return this.leafFor(this.arena.bytes, start, end, entry - 1)
  }

  private addToFull(leaf: Leaf, entry: number): void {
    if (leaf.endsBefore(entry)) {
      // Keys in ascending order fill each leaf completely.
      this.insertLeaf(leaf, entry).append(entry)
      return
    }
    this.sort(leaf)
    if (leaf.isSorted) this.cut(leaf)
    this.add(entry)
  }

  /** Sorts a leaf, or only splits it if it is large. Call it until the leaf is sorted. */
  private sort(leaf: Leaf): void {
    if (leaf.sortTail()) return
    const unsorted = leaf.allUnsorted()
    const parts = unsorted.count > maxLeafEntries ? unsorted.split() : [unsorted]
    if (parts.length === 1) {
      const [{ entries, heads, prefixLength }] = parts
      parts[0].sort()
      leaf.replaceWith(entries, heads, prefixLength)
      return
    }
    leaf.replaceWithUnsorted(parts[0])
    for (let i = parts.length - 1; i > 0; i--) {
      this.insertLeaf(leaf, parts[i].lowest).replaceWithUnsorted(parts[i])
    }
  }

  /** Keeps the first entries of a sorted leaf and moves the others to new leaves. */
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

  /** A new leaf after `leaf`, for entries from `firstEntry` on. */
  private insertLeaf(leaf: Leaf, firstEntry: number): Leaf {
    const fresh = new Leaf(this.arena)
    fresh.previous = leaf
    fresh.next = leaf.next
    if (leaf.next !== undefined) leaf.next.previous = fresh
    leaf.next = fresh
    const index = this.leaves.indexOf(leaf)
    this.leaves.splice(index + 1, 0, fresh)
    this.directory.insert(index, firstEntry)
    return fresh
  }
}
