import { assert } from '../base/assert.js'
import { copyBytes } from '../base/bytes.js'
import type { InternalIterator } from '../key/internal-iterator.js'
import { RangeTombstones, type RangeTombstone } from '../key/range-tombstone.js'
import { ValueKind } from '../key/value-kind.js'
import { SortedEntryIterator } from './entry-iterator.js'
import {
  EntryWord,
  entryBehind,
  firstEntry,
  isUnbounded,
  keyLengthOf,
  keyStartOf,
  kindOf,
  noEntry,
  sequenceOf,
  valueLengthOf,
} from './entry.js'
import { ArenaView } from './memtable-arena.js'
import { sortEntries } from './radix-sort.js'

/**
 * A memtable that takes no more writes, described so that another thread can read it: plain data,
 * and the shared memory itself. Valid until the memtable gives its arena back.
 */
export interface SealedMemTable {
  readonly buffer: SharedArrayBuffer
  readonly usedBytes: number
  /** Entries of the iterator, so range deletes not counted. */
  readonly entryCount: number
  readonly deleteCount: number
  readonly rangeDeleteCount: number
  readonly lastRangeDelete: number
  readonly minSequence: number
  readonly maxSequence: number
}

export interface OpenedMemTable {
  readonly entries: InternalIterator
  readonly rangeTombstones: RangeTombstones
}

/** Sorts and opens a sealed memtable, on any thread. */
export function openSealedMemTable(sealed: SealedMemTable): OpenedMemTable {
  const arena = new ArenaView(sealed.buffer)
  const sorted = sortedEntries(arena, sealed.usedBytes, sealed.entryCount)
  return {
    entries: new SortedEntryIterator(arena, sorted),
    rangeTombstones: readRangeTombstones(arena, sealed.lastRangeDelete),
  }
}

/** The `entryCount` entries in the first `usedBytes` of an arena: by key, newest version first. */
export function sortedEntries(
  arena: ArenaView,
  usedBytes: number,
  entryCount: number,
): Uint32Array {
  const { words } = arena
  const entries = new Uint32Array(entryCount)
  const end = firstEntry + usedBytes / 4
  let position = entryCount
  for (let entry = firstEntry; entry < end; entry = entryBehind(words, entry)) {
    if (kindOf(words, entry) !== ValueKind.rangeDelete) entries[--position] = entry
  }
  assert(position === 0, 'a memtable holds as many entries as it counted')
  sortEntries(arena, entries)
  return entries
}

/** Follows the chain of range deletes; the bounds are copies, which outlive the arena. */
export function readRangeTombstones(arena: ArenaView, lastRangeDelete: number): RangeTombstones {
  const { bytes, words } = arena
  const tombstones: RangeTombstone[] = []
  for (let entry = lastRangeDelete; entry !== noEntry; entry = words[entry + EntryWord.next]) {
    const keyStart = keyStartOf(entry)
    const keyEnd = keyStart + keyLengthOf(words, entry)
    tombstones.push({
      start: copyBytes(bytes, keyStart, keyEnd),
      end: isUnbounded(words, entry)
        ? null
        : copyBytes(bytes, keyEnd, keyEnd + valueLengthOf(words, entry)),
      sequence: sequenceOf(words, entry),
    })
  }
  return RangeTombstones.from(tombstones)
}
