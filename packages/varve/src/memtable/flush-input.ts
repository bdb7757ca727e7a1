import { copyInto } from '../base/bytes.js'
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

/** Entries of up to so many bytes are copied by a loop. */
const maxWordsCopyBytes = 512

/** Entries that a flush asks the memory for at once. Power of two. */
const warmedEntries = 32
/** Sixteen words are a cache line: three of them hold the header, and a key and value of usual size. */
const lineWords = 16

/**
 * The entries of a sealed memtable in order, one after another.
 *
 * Owned by: one flush. Lives: as long as it, while the memtable keeps its arena.
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
  /** Keeps the loads of `warm` from being optimized away. */
  protected warmth = 0

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
    if (position % warmedEntries === 0) this.warm(leaf, position)
    const entry = leaf.entries[position]
    // The versions of a key stand in the order of their chain.
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

  /** Short entries word by word: keys begin at whole words, and the calls of a copy take longer. */
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
   * Neighbours in the order lie anywhere in the arena, and the flush would wait for the memory at every
   * one of them. Touched in one go, they are fetched all at the same time.
   */
  private warm({ entries, count }: Leaf, from: number): void {
    const { words } = this
    const to = Math.min(from + warmedEntries, count)
    const lastWord = words.length - 1
    let warmth = 0
    for (let i = from; i < to; i++) {
      const entry = entries[i]
      warmth ^= words[entry] ^ words[Math.min(entry + lineWords, lastWord)]
      warmth ^= words[Math.min(entry + 2 * lineWords, lastWord)]
    }
    this.warmth = warmth
  }
}
