import { compareRanges, emptyBytes, equalRanges } from '../../base/bytes.js'
import { hashBytes } from '../../base/hash.js'
import { corruption, type VarveError, unsupportedFormat } from '../../base/errors.js'
import type { PointLookup } from '../../entry/point-lookup.js'
import { isVisible } from '../../entry/visibility.js'
import { isReservedKind } from '../../key/value-kind.js'
import { wideOffsetsFlag } from './block-builder.js'
import { EntryPlace } from './entry-place.js'

/** What a block answered to a point lookup. */
export const BlockAnswer = {
  /** The key is not in this block. */
  absent: 0,
  /** The lookup has its entry. */
  found: 1,
  /** All versions of the key are here, and too new. */
  tooNew: 2,
  /** The versions of the key that are here are too new; older ones may begin the next block. */
  continues: 3,
} as const

/** Scratch for lookups: they run to their end before another begins. */
const entry = new EntryPlace()

/** The table that a block belongs to. */
export interface BlockOrigin {
  /** Entries of the table have sequences from here on. */
  readonly baseSequence: number
  /** The file, for messages about damage. */
  readonly path: string
  offsetOf(blockIndex: number): number
}

/**
 * A view of the payload of a data block (drawn in block-builder.ts), which is read in place.
 *
 * Owned by: whoever reads. Lives: as long as the bytes below it stay as they are. It can be moved to
 * another block of the same table, so that a point read allocates none.
 */
export class Block {
  readonly baseSequence: number
  count = 0
  /** Entries stand at [start, entriesEnd) of `bytes`, the hash bytes at [entriesEnd, offsetsStart). */
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

  /** Views block `index` of the table, at `bytes[start, end)`; gives itself. Throws `CORRUPTION`. */
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
      throw this.damaged('a block without its entries')
    }
    return this
  }

  /** Where the entry begins. Requires: index < count. */
  offsetAt(index: number): number {
    const { bytes, start } = this
    if (this.wide) return start + readUInt32(bytes, this.offsetsStart + index * 4)
    const at = this.offsetsStart + index * 2
    return start + (bytes[at] | (bytes[at + 1] << 8))
  }

  hashByteAt(index: number): number {
    return this.bytes[this.entriesEnd + index]
  }

  /** Hands the newest visible version of the key, in this block, to the lookup. */
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

  /** The same, where the versions of the key, if there are any, begin at entry 0. */
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
   * Index of the first entry with this key, or −1: seeks go mostly to keys that exist, and the hash
   * bytes lead there past the entries that halving would have to touch.
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

  /** Decodes the entry that begins at `offset`, or throws `CORRUPTION`. */
  read(offset: number, into: EntryPlace): void {
    if (!into.decode(this.bytes, offset, this.entriesEnd)) throw this.undecodable(offset)
  }

  damaged(what: string): VarveError {
    return corruption(this.origin.path, this.origin.offsetOf(this.index), what)
  }

  /** Ensures: after `true`, `entry` holds the place of the entry. */
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
    return this.damaged('an entry that runs out of its block')
  }
}

/** Little-endian, at any place; faster than the Buffer's own, which checks its argument first. */
function readUInt32(bytes: Buffer, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}
