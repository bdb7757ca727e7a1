import { copyBytes } from '../base/bytes/bytes.js'
import { RangeTombstones, type RangeTombstone } from '../key/range-tombstone.js'
import type { JobInput } from '../entry/job-input.js'
import {
  EntryWord,
  isUnbounded,
  keyLengthOf,
  keyStartOf,
  noEntry,
  sequenceOf,
  valueLengthOf,
} from './entry.js'
import { FlushInput } from './flush-input.js'
import { ArenaView } from './memtable-arena.js'
import { OrderedIndex } from './ordered-index.js'
import { UnsortedEntries } from './unsorted-entries.js'

/**
 * The description of a sealed memtable for another thread: plain data and the shared memory. Valid
 * until the memtable releases its arena.
 */
export interface SealedMemTable {
  readonly buffer: SharedArrayBuffer
  readonly usedBytes: number
  /** Entries, without range deletes. */
  readonly entryCount: number
  readonly deleteCount: number
  readonly rangeDeleteCount: number
  readonly lastRangeDelete: number
  readonly minSequence: number
  readonly maxSequence: number
}

interface OpenedMemTable {
  readonly input: JobInput
  readonly rangeTombstones: RangeTombstones
}

/** Opens a sealed memtable on any thread. */
export function openSealedMemTable(sealed: SealedMemTable): OpenedMemTable {
  const arena = new ArenaView(sealed.buffer)
  const entries = UnsortedEntries.ofArena(arena, sealed.usedBytes, sealed.entryCount)
  return {
    input: new FlushInput(arena, new OrderedIndex(arena, entries)),
    rangeTombstones: readRangeTombstones(arena, sealed.lastRangeDelete),
  }
}

/** Reads the chain of range deletes. The bounds are copies, so they outlive the arena. */
function readRangeTombstones(arena: ArenaView, lastRangeDelete: number): RangeTombstones {
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
