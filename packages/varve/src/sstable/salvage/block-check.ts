import { compareRanges, emptyBytes } from '../../base/bytes/bytes.js'
import { hashBytes } from '../../base/bytes/hash.js'
import { isValueLength } from '../../key/expiry.js'
import { maxKeyBytes, maxSequence } from '../../key/limits.js'
import { isReservedKind } from '../../key/value-kind.js'
import { wideOffsetsFlag } from '../block/block-builder.js'
import type { BloomFilter } from '../format/bloom-filter.js'
import { EntryCounts } from '../entry-counts.js'
import { EntryPlace } from '../block/entry-place.js'

/**
 * Checks the payload of a single data block (drawn in block-builder.ts), byte by byte: entries,
 * hashes, offsets and count must fill it and agree, keys and values must have valid lengths, and
 * entries must be ordered. Shares no code with Block, which checks less.
 *
 * Owned by: the check of a table, for all of its blocks. The fields describe the block of the last
 * `run`, up to its first problem.
 */
export class BlockCheck extends EntryCounts {
  /** The problem of the block, if any. */
  problem: string | undefined
  /** Whether the problem is a newer format instead of damage. */
  isUnsupported = false
  /** Keys of the block that the filter denies. */
  filterMisses = 0
  /** Lowest and highest distance from the base sequence of the table. */
  minDelta = 0
  maxDelta = 0
  payload: Buffer = emptyBytes
  firstKeyStart = 0
  firstKeyEnd = 0
  firstDelta = 0
  lastKeyStart = 0
  lastKeyEnd = 0
  lastDelta = 0

  private readonly entry = new EntryPlace()

  /** Views, valid until the next `run`. Requires: `entryCount` > 0. */
  get firstKey(): Buffer {
    return this.payload.subarray(this.firstKeyStart, this.firstKeyEnd)
  }

  get lastKey(): Buffer {
    return this.payload.subarray(this.lastKeyStart, this.lastKeyEnd)
  }

  /** False if there is a problem. `filter`: the table's, if it has one. */
  run(payload: Buffer, filter?: BloomFilter): boolean {
    this.start(payload)
    const frame = blockFrame(payload)
    if (frame === undefined) return this.fail('a block without entries')
    const { count, wide, entriesEnd, offsetsStart } = frame
    const { entry } = this
    const usesFilter = filter?.exists === true
    let offset = 0
    for (let i = 0; i < count; i++) {
      const at = wide ? payload.readUInt32LE(offsetsStart + 4 * i) : 0
      const stored = wide ? at : payload.readUInt16LE(offsetsStart + 2 * i)
      if (stored !== offset) return this.fail('an entry that its offset does not point to')
      if (!entry.decode(payload, offset, entriesEnd)) return this.failAt(offset, entriesEnd)
      const { keyStart, keyEnd, valueEnd, kind, sequenceDelta } = entry
      if (keyEnd === keyStart || keyEnd - keyStart > maxKeyBytes) {
        return this.fail('a key with an invalid length')
      }
      if (!isValueLength(kind, valueEnd - keyEnd)) {
        return this.fail('a value with an invalid length')
      }
      const order =
        i === 0
          ? -1
          : compareRanges(payload, this.lastKeyStart, this.lastKeyEnd, payload, keyStart, keyEnd)
      if (order > 0 || (order === 0 && sequenceDelta >= this.lastDelta)) {
        return this.fail('unsorted entries')
      }
      const hash = hashBytes(payload, keyStart, keyEnd)
      if (payload[entriesEnd + i] !== hash >>> 24) return this.fail('a wrong hash byte')
      if (usesFilter && !filter.mayContain(filter.hashOf(payload, keyStart, keyEnd))) {
        this.filterMisses++
      }
      this.count()
      if (order === 0) this.olderVersions++
      offset = valueEnd
    }
    return offset === entriesEnd || this.fail('a gap after the entries')
  }

  private start(payload: Buffer): void {
    this.problem = undefined
    this.isUnsupported = false
    this.clear()
    this.filterMisses = 0
    this.minDelta = maxSequence
    this.maxDelta = 0
    this.payload = payload
  }

  private count(): void {
    const { keyStart, keyEnd, valueEnd, kind, sequenceDelta } = this.entry
    if (this.entryCount === 0) {
      this.firstKeyStart = keyStart
      this.firstKeyEnd = keyEnd
      this.firstDelta = sequenceDelta
    }
    this.lastKeyStart = keyStart
    this.lastKeyEnd = keyEnd
    this.lastDelta = sequenceDelta
    this.add(kind, this.payload, keyStart, keyEnd, valueEnd)
    if (sequenceDelta < this.minDelta) this.minDelta = sequenceDelta
    if (sequenceDelta > this.maxDelta) this.maxDelta = sequenceDelta
  }

  private failAt(offset: number, entriesEnd: number): false {
    const kind = this.payload[offset]
    this.isUnsupported = offset < entriesEnd && isReservedKind(kind)
    return this.fail(
      this.isUnsupported ? `an entry of kind ${kind}` : 'an entry that exceeds its block',
    )
  }

  private fail(problem: string): false {
    this.problem = problem
    return false
  }
}

interface BlockFrame {
  readonly count: number
  readonly wide: boolean
  /** Entries are in [0, entriesEnd), hash bytes in [entriesEnd, offsetsStart). */
  readonly entriesEnd: number
  readonly offsetsStart: number
}

/** The layout of a payload; undefined when no entries fit before its tables. */
export function blockFrame(payload: Buffer): BlockFrame | undefined {
  const countStart = payload.length - 4
  if (countStart < 0) return undefined
  const tail = payload.readUInt32LE(countStart)
  const wide = tail >= wideOffsetsFlag
  const count = wide ? tail - wideOffsetsFlag : tail
  const offsetsStart = countStart - count * (wide ? 4 : 2)
  const entriesEnd = offsetsStart - count
  return count === 0 || entriesEnd <= 0 ? undefined : { count, wide, entriesEnd, offsetsStart }
}
