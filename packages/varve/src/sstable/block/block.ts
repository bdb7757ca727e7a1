import { compareRanges, emptyBytes, equalRanges } from '../../base/bytes/bytes.js'
import { hashBytes } from '../../base/bytes/hash.js'
import { corruption, type VarveError, unsupportedFormat } from '../../base/errors.js'
import type { PointLookup } from '../../entry/point-lookup.js'
import { isVisible } from '../../entry/visibility.js'
import { isReservedKind } from '../../key/value-kind.js'
import { wideOffsetsFlag } from './block-builder.js'
import { EntryPlace } from './entry-place.js'

/** The result of a point lookup in a block. */
export const BlockAnswer = {
  /** The key is not in this block. */
  absent: 0,
  /** The lookup holds the entry. */
  found: 1,
  /** All versions of the key are here, and none is visible. */
  tooNew: 2,
  /** No version of the key here is visible; older ones may start the next block. */
  continues: 3,
} as const

/** Scratch for lookups, which never overlap. */
const entry = new EntryPlace()

/** The table that a block belongs to. */
export interface BlockOrigin {
  /** Lower bound of the sequences in the table. */
  readonly baseSequence: number
  /** Path of the file, for messages about damage. */
  readonly path: string
  offsetOf(blockIndex: number): number
}

/**
 * A view of the payload of a data block (drawn in block-builder.ts), read in place.
 *
 * Owned by: its reader. Lives: as long as the viewed bytes stay unchanged. It can be moved to
 * another block of the same table, so that a point read allocates none.
 */
export class Block {
  readonly baseSequence: number
  count = 0
  /** Entries are in [start, entriesEnd) of `bytes`, hash bytes in [entriesEnd, offsetsStart). */
  bytes: Buffer = emptyBytes
  start = 0
  entriesEnd = 0
  private offsetsStart = 0
  private wide = false
  /** Its number in the table. */
  index = 0

  constructor(private readonly origin: BlockOrigin) {
    this.baseSequence = origin.baseSequence
  }

  /**
   * Views block `index` of the table, at `bytes[start, end)`. Returns itself. Throws `CORRUPTION`.
   */
  at(index: number, bytes: Buffer, start: number, end: number): this {
    const countStart = end - 4
    const tail = countStart < start ? 0 : readUInt32(bytes, countStart)
    this.index = index
    this.bytes = bytes
    this.start = start
    this.wide = tail >= wideOffsetsFlag
    this.count = this.wide ? tail - wideOffsetsFlag : tail
    this.offsetsStart = countStart - this.count * (this.wide ? 4 : 2)
    this.entriesEnd = this.offsetsStart - this.count
    if (this.count === 0 || this.entriesEnd <= start) {
      throw this.damaged('a block without entries')
    }
    return this
  }

  /** The start of an entry. Requires: index < count. */
  offsetAt(index: number): number {
    const { bytes, start } = this
    if (this.wide) return start + readUInt32(bytes, this.offsetsStart + index * 4)
    const at = this.offsetsStart + index * 2
    return start + (bytes[at] | (bytes[at + 1] << 8))
  }

  hashByteAt(index: number): number {
    return this.bytes[this.entriesEnd + index]
  }

  /** Stores the newest visible version of the key in this block in the lookup. */
  find(lookup: PointLookup): number {
    const { bytes, entriesEnd } = this
    const hashesEnd = this.offsetsStart
    const wanted = lookup.hash >>> 24
    for (let at = entriesEnd; at < hashesEnd; at++) {
      if (bytes[at] === wanted && this.holdsKey(at - entriesEnd, lookup)) {
        return this.findVersion(at - entriesEnd, lookup)
      }
    }
    return BlockAnswer.absent
  }

  /** Like `find`, if the versions of the key, if any, start at entry 0. */
  findContinued(lookup: PointLookup): number {
    return this.holdsKey(0, lookup) ? this.findVersion(0, lookup) : BlockAnswer.tooNew
  }

  /** Index of the first entry with a key ≥ target; count when there is none. */
  lowerBound(target: Uint8Array): number {
    const exact = this.indexOfKey(target)
    if (exact >= 0) return exact
    const { bytes } = this
    const targetEnd = target.length
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      this.read(this.offsetAt(middle), entry)
      const order = compareRanges(bytes, entry.keyStart, entry.keyEnd, target, 0, targetEnd)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * Index of the first entry with this key, or −1. Most seeks are to existing keys, which the hash
   * bytes find without reading the entries that a binary search would compare.
   */
  private indexOfKey(key: Uint8Array): number {
    const { bytes, entriesEnd, offsetsStart } = this
    const wanted = hashBytes(key, 0, key.length) >>> 24
    for (let at = entriesEnd; at < offsetsStart; at++) {
      if (bytes[at] !== wanted) continue
      this.read(this.offsetAt(at - entriesEnd), entry)
      if (equalRanges(bytes, entry.keyStart, entry.keyEnd, key, 0, key.length)) {
        return at - entriesEnd
      }
    }
    return -1
  }

  /** Decodes the entry that starts at `offset`, or throws `CORRUPTION`. */
  read(offset: number, into: EntryPlace): void {
    if (!into.decode(this.bytes, offset, this.entriesEnd)) throw this.undecodable(offset)
  }

  damaged(what: string): VarveError {
    return corruption(this.origin.path, this.origin.offsetOf(this.index), what)
  }

  /** Ensures: if true, `entry` is the place of the entry. */
  private holdsKey(index: number, lookup: PointLookup): boolean {
    this.read(this.offsetAt(index), entry)
    const { key, keyLength } = lookup
    return equalRanges(this.bytes, entry.keyStart, entry.keyEnd, key, 0, keyLength)
  }

  /** Requires: `entry` is the newest version of the key in this block, at `index`. */
  private findVersion(index: number, lookup: PointLookup): number {
    for (;;) {
      const sequence = this.baseSequence + entry.sequenceDelta
      if (isVisible(sequence, lookup.visibleSequence)) {
        lookup.found(entry.kind, sequence, this.bytes, entry.keyEnd, entry.valueEnd)
        return BlockAnswer.found
      }
      if (++index === this.count) return BlockAnswer.continues
      if (!this.holdsKey(index, lookup)) return BlockAnswer.tooNew
    }
  }

  /** Why `EntryPlace.decode` refused the entry at `offset`. */
  undecodable(offset: number): VarveError {
    const kind = this.bytes[offset]
    if (offset < this.entriesEnd && isReservedKind(kind)) {
      return unsupportedFormat(this.origin.path, `entries of kind ${kind}`)
    }
    return this.damaged('an entry that exceeds its block')
  }
}

/**
 * Little-endian, at any position. Faster than the Buffer method, which checks its argument first.
 */
function readUInt32(bytes: Buffer, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}
