import type { MemTableArena } from './memtable-arena.js'
import { EntryWord, keyLengthOf, keyStartOf, noEntry, entryHeaderBytes } from './entry.js'

/**
 * Finds the newest version of a user key: a hash table of chains of entries.
 *
 * Invariants:
 * 1. A chain holds each user key once, as its newest entry, which links to the older ones by
 *    `older`. So a key that is written a million times does not slow down its neighbours.
 * 2. Only `next` words and bucket heads ever change.
 */
export class HashIndex {
  private readonly bytes: Buffer
  private readonly words: Uint32Array
  private readonly buckets: Uint32Array
  private readonly mask: number

  constructor(arena: MemTableArena) {
    this.bytes = arena.bytes
    this.words = arena.words
    this.buckets = arena.buckets
    this.mask = arena.buckets.length - 1
  }

  /** The newest entry of the user key `key[0, keyLength)`, or noEntry. */
  newest(hash: number, key: Buffer, keyLength: number): number {
    const words = this.words
    let entry = this.buckets[hash & this.mask]
    while (entry !== noEntry) {
      if (
        words[entry + EntryWord.hash] === hash &&
        words[entry + EntryWord.keyLength] === keyLength &&
        this.hasKey(entry, key, keyLength)
      ) {
        return entry
      }
      entry = words[entry + EntryWord.next]
    }
    return noEntry
  }

  /** Makes `entry` the newest of its user key. Requires: its hash, key length and key are set. */
  add(entry: number): void {
    const words = this.words
    const hash = words[entry + EntryWord.hash]
    const bucket = hash & this.mask
    let before = noEntry
    let other = this.buckets[bucket]
    while (
      other !== noEntry &&
      !(words[other + EntryWord.hash] === hash && this.sameKey(entry, other))
    ) {
      before = other
      other = words[other + EntryWord.next]
    }
    words[entry + EntryWord.older] = other
    if (other === noEntry) {
      words[entry + EntryWord.next] = this.buckets[bucket]
      this.buckets[bucket] = entry
    } else {
      words[entry + EntryWord.next] = words[other + EntryWord.next]
      if (before === noEntry) this.buckets[bucket] = entry
      else words[before + EntryWord.next] = entry
    }
  }

  private hasKey(entry: number, key: Buffer, keyLength: number): boolean {
    const bytes = this.bytes
    const start = keyStartOf(entry)
    for (let i = 0; i < keyLength; i++) if (bytes[start + i] !== key[i]) return false
    return true
  }

  /** Keys are word-aligned, so this compares whole words, then the remaining bytes. */
  private sameKey(a: number, b: number): boolean {
    const words = this.words
    const keyLength = keyLengthOf(words, a)
    if (keyLength !== keyLengthOf(words, b)) return false
    const headerWords = entryHeaderBytes / 4
    const wholeWords = keyLength >>> 2
    for (let i = headerWords; i < headerWords + wholeWords; i++) {
      if (words[a + i] !== words[b + i]) return false
    }
    const aStart = keyStartOf(a)
    const bStart = keyStartOf(b)
    for (let i = wholeWords * 4; i < keyLength; i++) {
      if (this.bytes[aStart + i] !== this.bytes[bStart + i]) return false
    }
    return true
  }
}
