/**
 * An entry of a memtable: 32-bit words in native byte order (they never reach a file), then the
 * bytes of key and value. Entries are adjacent and never change, except for `next`.
 *
 *     word 0    1        2       3          4                    5            6
 *     ┌────────┬────────┬───────┬──────────┬────────────────────┬────────────┬──────────────┐
 *     │ next   │ older  │ hash  │ sequence │ kind  u  sequence  │ key length │ value length │
 *     │        │        │       │ low 32   │ 31‥24 21 high 20‥0 │            │              │
 *     ├────────┴────────┼───────┴──────────┼────────────────────┼────────────┴──────────────┘
 *     │ key bytes       │ value bytes      │ 0 to 3 unused      │
 *     └─────────────────┴──────────────────┴────────────────────┘
 *
 * - next: the next entry in the same hash bucket, with a different user key. In a range delete: the
 *   previous range delete.
 * - older: the previous version of the same user key.
 * - u: set in a range delete without an upper bound. A range delete stores its start as the key and
 *   its end as the value.
 *
 * An entry is identified by the index of its word 0. Word 0 of the arena is unused, so 0 means
 * "none". Sequences ascend with the index: the entry with the higher index is the newer one.
 */
export const EntryWord = {
  next: 0,
  older: 1,
  hash: 2,
  sequenceLow: 3,
  kindAndSequenceHigh: 4,
  keyLength: 5,
  valueLength: 6,
} as const

export const noEntry = 0
export const firstEntry = 1
export const entryHeaderBytes = 28
export const unboundedFlag = 1 << 21
const sequenceHighMask = unboundedFlag - 1

/** Exact bytes of an entry in the arena, so that sums can serve as a budget. */
export function entryBytes(keyLength: number, valueLength: number): number {
  const bytes = entryHeaderBytes + keyLength + valueLength
  return bytes + (-bytes & 3)
}

/** The entry after this one in the arena. */
export function entryAfter(words: Uint32Array, entry: number): number {
  return entry + entryBytes(keyLengthOf(words, entry), valueLengthOf(words, entry)) / 4
}

export function keyStartOf(entry: number): number {
  return entry * 4 + entryHeaderBytes
}

export function keyLengthOf(words: Uint32Array, entry: number): number {
  return words[entry + EntryWord.keyLength]
}

export function valueLengthOf(words: Uint32Array, entry: number): number {
  return words[entry + EntryWord.valueLength]
}

export function kindOf(words: Uint32Array, entry: number): number {
  return words[entry + EntryWord.kindAndSequenceHigh] >>> 24
}

export function isUnbounded(words: Uint32Array, entry: number): boolean {
  return (words[entry + EntryWord.kindAndSequenceHigh] & unboundedFlag) !== 0
}

export function sequenceOf(words: Uint32Array, entry: number): number {
  const high = words[entry + EntryWord.kindAndSequenceHigh] & sequenceHighMask
  return high * 0x100000000 + words[entry + EntryWord.sequenceLow]
}
