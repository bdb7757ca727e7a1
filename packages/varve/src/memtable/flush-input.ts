import { copyInto } from '../base/bytes/bytes.js'
import { Memory } from '../base/memory.js'
import type { InputEntry, JobInput } from '../entry/job-input.js'
import {
  EntryWord,
  keyLengthOf,
  keyStartOf,
  kindOf,
  noEntry,
  sequenceOf,
  valueLengthOf,
} from './entry.js'
import type { Leaf } from './leaf.js'
import type { ArenaView } from './memtable-arena.js'
import type { OrderedIndex } from './ordered-index.js'

/** Entries up to this length are copied by a loop. */
const maxWordsCopyBytes = 512

/** Entries that a flush prefetches together. Power of two. */
const prefetchedEntries = 32
/** Words in a cache line. Three lines hold the header and a key and value of usual size. */
const lineWords = 16

/**
 * The entries of a sealed memtable, in order.
 *
 * Owned by: one flush. Lives: until the flush ends. Requires: the memtable keeps its arena.
 */
export class FlushInput implements JobInput, InputEntry {
  readonly memory: Memory
  keyStart = 0
  keyEnd = 0
  valueEnd = 0
  sequence = 0
  kind = 0
  isNewKey = true

  private readonly words: Uint32Array
  private entry = noEntry
  private leaf: Leaf | undefined
  private position = 0
  /** Keeps the loads of `prefetch` from being optimized away. */
  protected prefetched = 0

  constructor(
    arena: ArenaView,
    private readonly index: OrderedIndex,
  ) {
    this.memory = new Memory(arena.bytes)
    this.words = arena.words
    this.leaf = index.first()
  }

  next(): InputEntry | undefined {
    if (this.leaf !== undefined && this.position === this.leaf.count) {
      this.leaf = this.index.after(this.leaf)
      this.position = 0
    }
    if (this.leaf === undefined) return undefined
    const { leaf, position, words } = this
    if (position % prefetchedEntries === 0) this.prefetch(leaf, position)
    const entry = leaf.entries[position]
    // The versions of a key have the order of their chain.
    this.isNewKey = this.entry === noEntry || words[this.entry + EntryWord.older] !== entry
    this.entry = entry
    this.position = position + 1
    this.keyStart = keyStartOf(entry)
    this.keyEnd = this.keyStart + keyLengthOf(words, entry)
    this.valueEnd = this.keyEnd + valueLengthOf(words, entry)
    this.sequence = sequenceOf(words, entry)
    this.kind = kindOf(words, entry)
    return this
  }

  hash(): number {
    return this.words[this.entry + EntryWord.hash]
  }

  /**
   * Copies short entries word by word: keys are word-aligned, and a call to a copy takes longer.
   */
  copyTo({ bytes, view }: Memory, at: number): void {
    const { words, keyStart, valueEnd } = this
    if (valueEnd - keyStart > maxWordsCopyBytes) {
      copyInto(bytes, at, this.memory.bytes, keyStart, valueEnd)
      return
    }
    const end = (valueEnd + 3) >>> 2
    for (let word = keyStart >>> 2; word < end; word++, at += 4) {
      view.setInt32(at, words[word], true)
    }
  }

  close(): void {}

  /**
   * Neighbours in key order are scattered over the arena, so the flush would wait for memory at
   * each entry. Loads in one loop let the processor fetch many entries in parallel.
   */
  private prefetch({ entries, count }: Leaf, from: number): void {
    const { words } = this
    const to = Math.min(from + prefetchedEntries, count)
    const lastWord = words.length - 1
    let loaded = 0
    for (let i = from; i < to; i++) {
      const entry = entries[i]
      loaded ^= words[entry] ^ words[Math.min(entry + lineWords, lastWord)]
      loaded ^= words[Math.min(entry + 2 * lineWords, lastWord)]
    }
    this.prefetched = loaded
  }
}
