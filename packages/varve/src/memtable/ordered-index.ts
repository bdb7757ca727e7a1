import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { EntryRun, newestVersion } from './entry-run.js'

const leafEntries = 512
/** How full a leaf is loaded, so that the next inserts do not split every one of them. */
const loadedEntries = 384
const directoryEntries = 64

/** A piece of the order, linked to its neighbours so that a walk needs no directory. */
export class Leaf extends EntryRun {
  previous: Leaf | undefined
  next: Leaf | undefined
  /** Grows whenever positions in this leaf change their meaning. */
  changes = 0

  constructor(arena: ArenaView) {
    super(arena, leafEntries)
  }
}

/**
 * The order of a memtable in use, kept from insert to insert: a list of leaves, and a directory of
 * the entries at which each leaf but the first begins.
 *
 *     directory            h        p        t
 *                   ╱      │        │         ╲
 *     leaves   [a c f] ⇄ [h k] ⇄ [p p q] ⇄ [t z]
 *
 * Owned by: a MemTable that was iterated. Lives: as long as it.
 * Invariants:
 * 1. There is at least one leaf; only a leaf of an empty index is empty.
 * 2. Entries of leaf i lie before directory entry i, those of leaf i + 1 not.
 */
export class OrderedIndex {
  private readonly directory: EntryRun
  private readonly leaves: Leaf[]

  /** `sorted`: what is there already, in order. */
  constructor(
    private readonly arena: ArenaView,
    sorted: Uint32Array = new Uint32Array(0),
  ) {
    this.directory = new EntryRun(arena, directoryEntries)
    this.leaves = [new Leaf(arena)]
    for (let from = 0; from < sorted.length; from += loadedEntries) {
      if (from > 0) this.addLeaf(this.leaves.length, sorted[from])
      this.lastLeaf.fill(sorted, from, Math.min(from + loadedEntries, sorted.length))
    }
  }

  get firstLeaf(): Leaf {
    return this.leaves[0]
  }

  get lastLeaf(): Leaf {
    return this.leaves[this.leaves.length - 1]
  }

  get memoryBytes(): number {
    return this.directory.memoryBytes + this.leaves.length * this.firstLeaf.memoryBytes
  }

  /** Requires: newer than every entry of the index. */
  insert(entry: number): void {
    const { arena } = this
    const start = keyStartOf(entry)
    const end = start + keyLengthOf(arena.words, entry)
    const leafIndex = this.directory.lowerBound(arena.bytes, start, end, newestVersion)
    const leaf = this.leaves[leafIndex]
    const position = leaf.lowerBound(arena.bytes, start, end, newestVersion)
    if (leaf.count < leafEntries) {
      leaf.insert(position, entry)
      leaf.changes++
    } else {
      this.insertIntoFull(leafIndex, position, entry)
    }
  }

  /**
   * The leaf in which a search for (key, version) ends, see EntryRun.lowerBound: what it looks for
   * stands in this leaf or is the first of the next one.
   */
  leafFor(bytes: Uint8Array, start: number, end: number, version: number): Leaf {
    return this.leaves[this.directory.lowerBound(bytes, start, end, version)]
  }

  /** The leaf that holds an entry of the index. */
  leafOf(entry: number): Leaf {
    const start = keyStartOf(entry)
    const end = start + keyLengthOf(this.arena.words, entry)
    // A leaf that begins with the entry itself counts as before it.
    return this.leafFor(this.arena.bytes, start, end, entry - 1)
  }

  private insertIntoFull(leafIndex: number, position: number, entry: number): void {
    const leaf = this.leaves[leafIndex]
    if (leafIndex === this.leaves.length - 1 && position === leafEntries) {
      // Keys that arrive in order leave full leaves behind them.
      this.addLeaf(leafIndex + 1, entry).insert(0, entry)
      return
    }
    const half = leafEntries / 2
    const right = this.addLeaf(leafIndex + 1, leaf.entries[half])
    leaf.moveTail(half, right)
    leaf.changes++
    if (position <= half) leaf.insert(position, entry)
    else right.insert(position - half, entry)
  }

  private addLeaf(leafIndex: number, beginsWith: number): Leaf {
    const leaf = new Leaf(this.arena)
    const previous = this.leaves[leafIndex - 1]
    leaf.previous = previous
    leaf.next = previous.next
    if (leaf.next !== undefined) leaf.next.previous = leaf
    previous.next = leaf
    this.leaves.splice(leafIndex, 0, leaf)
    this.directory.insert(leafIndex - 1, beginsWith)
    return leaf
  }
}
