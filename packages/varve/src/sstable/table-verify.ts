import { compareBytes, compareRanges, copyBytes, emptyBytes } from '../base/bytes/bytes.js'
import { hashBytes } from '../base/bytes/hash.js'
import { Memory } from '../base/memory.js'
import { rangeContainsSlice } from '../key/key-range.js'
import type { Block } from './block/block.js'
import type { BlockSource } from './block-source.js'
import type { BloomFilter } from './format/bloom-filter.js'
import { EntryCounts } from './entry-counts.js'
import { EntryPlace } from './block/entry-place.js'
import type { TableProperties } from './format/properties.js'
import { ReadAhead } from './read-ahead.js'
import type { TableIndex } from './table-index.js'

const readAheadBytes = 256 * 1024

/**
 * Reads a whole table, bypassing the cache, and throws `CORRUPTION` at the first mismatch: in
 * checksums, the order of entries, their hash bytes and offsets, separators, the filter, or the
 * properties.
 */
export function verifyTable(
  properties: TableProperties,
  index: TableIndex,
  filter: BloomFilter,
  source: BlockSource,
): void {
  const found = new EntryCounts()
  const { range, minSequence, maxSequence } = properties
  const readAhead = new ReadAhead(index, source, Memory.allocate(readAheadBytes))
  const entry = new EntryPlace()
  let lastKey = emptyBytes
  let lastSequence = 0
  let separator = emptyBytes
  let block: Block | undefined
  const check = (holds: boolean, what: string): void => {
    if (!holds) throw block!.damaged(what)
  }

  for (let i = 0; i < index.count; i++) {
    block = readAhead.read(i)
    const { bytes } = block
    let offset = block.start
    for (let k = 0; k < block.count; k++) {
      check(block.offsetAt(k) === offset, 'an entry that its offset does not point to')
      block.read(offset, entry)
      const { kind, keyStart, keyEnd, valueEnd } = entry
      offset = valueEnd

      const sequence = block.baseSequence + entry.sequenceDelta
      const order = compareRanges(lastKey, 0, lastKey.length, bytes, keyStart, keyEnd)
      const isFirst = found.entryCount === 0
      check(isFirst || order < 0 || (order === 0 && sequence < lastSequence), 'unsorted entries')
      check(sequence >= minSequence && sequence <= maxSequence, 'a sequence out of bounds')
      check(rangeContainsSlice(range, bytes, keyStart, keyEnd), 'a key out of bounds')

      const hash = hashBytes(bytes, keyStart, keyEnd)
      check(block.hashByteAt(k) === hash >>> 24, 'a wrong hash byte')
      const filterHash = filter.secret === 0 ? hash : filter.hashOf(bytes, keyStart, keyEnd)
      check(!filter.exists || filter.mayContain(filterHash), 'a key that the filter denies')

      const isContinued = order === 0 && compareBytes(separator, lastKey) === 0
      const aboveSeparator = compareRanges(separator, 0, separator.length, bytes, keyStart, keyEnd)
      check(i === 0 || aboveSeparator < 0 || isContinued, 'a key below the separator before it')

      lastKey = copyBytes(bytes, keyStart, keyEnd)
      lastSequence = sequence
      found.add(kind, bytes, keyStart, keyEnd, valueEnd)
      if (!isFirst && order === 0) found.olderVersions++
    }
    check(offset === block.entriesEnd, 'a gap after the entries')
    separator = index.separatorOf(i)
    check(compareBytes(lastKey, separator) <= 0, 'a key above its separator')
  }
  for (const problem of found.problemsWith(properties)) check(false, problem)
}
