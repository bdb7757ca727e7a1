import { compareRanges, equalRanges } from '../base/bytes.js'
import { hashBytes } from '../base/hash.js'
import { corruption, type VarveError, unsupportedFormat } from '../base/errors.js'
import type { PointLookup } from '../key/point-lookup.js'
import { ValueKind } from '../key/value-kind.js'
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

/** What a Block weighs in memory besides its payload, roughly. */
const blockOverheadBytes = 240

/** Scratch for lookups: they run to their end before another begins. */
const entry = new EntryPlace()

/**
 * The payload of a data block (drawn in block-builder.ts), read in place.
 *
 * Owned by: the block cache and whoever got it from there. Lives: while somebody holds it.
 * Immutable.
 */
export class Block {
  readonly count: number
  /** Entries stand at [0, entriesEnd), the hash bytes at [entriesEnd, offsetsStart). */
  readonly entriesEnd: number
  private readonly offsetsStart: number
  private readonly wide: boolean

  /** `file` and `fileOffset` say where the block came from, for messages about damage. */
  constructor(
    readonly bytes: Buffer,
    readonly baseSequence: number,
    private readonly file: string,
    private readonly fileOffset: number,
  ) {
    const countStart = bytes.length - 4
    const tail = countStart < 0 ? 0 : bytes.readUInt32LE(countStart)
    this.wide = tail >= wideOffsetsFlag
    this.count = this.wide ? tail - wideOffsetsFlag : tail
    this.offsetsStart = countStart - this.count * (this.wide ? 4 : 2)
    this.entriesEnd = this.offsetsStart - this.count
    if (this.count === 0 || this.entriesEnd <= 0) throw this.damaged('a block without its entries')
  }

  get memoryBytes(): number {
    return this.bytes.length + blockOverheadBytes
  }

  /** Where the entry begins. Requires: index < count. */
  offsetAt(index: number): number {
    const bytes = this.bytes
    if (this.wide) return bytes.readUInt32LE(this.offsetsStart + index * 4)
    const at = this.offsetsStart + index * 2
    return bytes[at] | (bytes[at + 1] << 8)
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
    return corruption(this.file, this.fileOffset, what)
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
      if (sequence <= lookup.visibleSequence) {
        lookup.found(entry.kind, sequence, this.bytes, entry.keyEnd, entry.valueEnd)
        return BlockAnswer.found
      }
      if (++index === this.count) return BlockAnswer.continues
      if (!this.holdsKey(index, lookup)) return BlockAnswer.tooNew
    }
  }

  private undecodable(offset: number): VarveError {
    const kind = this.bytes[offset]
    if (
      offset < this.entriesEnd &&
      kind > ValueKind.rangeDelete &&
      kind <= ValueKind.valuePointer
    ) {
      return unsupportedFormat(this.file, `entries of kind ${kind}`)
    }
    return this.damaged('an entry that runs out of its block')
  }
}
