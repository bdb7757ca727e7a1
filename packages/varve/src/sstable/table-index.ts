import { compareBytes, compareRanges, copyBytes, sharedPrefixLength } from '../base/bytes/bytes.js'
import { corruption } from '../base/errors.js'
import { VarintReader, VarintWriter } from '../base/bytes/varint.js'
import { keyHead, searchHeads } from '../key/key-head.js'
import {
  headerBytes,
  maxPayloadBytes,
  trailerBytes,
  type BlockHandle,
} from './format/table-format.js'

/**
 * The sparse index: for each data block, in order,
 *
 *     separator length varint │ separator │ offset varint │ stored size varint
 *
 * A separator is ≥ every key of its block and < every key of the next. If the versions of one key
 * continue in the next block, it equals that key.
 *
 * In memory, a search compares numbers. The head of a separator is the six bytes after the prefix
 * shared by all separators. Only separators with equal heads are compared byte by byte.
 *
 *     user:1001:a                 │ 1001:a │     shared prefix "user:"
 *     user:2044:q     heads of →  │ 2044:q │     a shorter separator's head ends in zeros
 *     user:2044:zz                │ 2044:z │
 *
 * Owned by: one TableReader. Lives: as long as the reader. Immutable.
 * Invariant: blocks are contiguous from the header to `dataEnd`, so a block ends where the next one
 * starts.
 */
export class TableIndex {
  private constructor(
    readonly count: number,
    /** Shared by all separators. */
    private readonly prefix: Buffer,
    /** The rest of separator i is `rests[starts[i], ends[i])`. */
    private readonly rests: Buffer,
    private readonly starts: Uint32Array,
    private readonly ends: Uint32Array,
    private readonly heads: Float64Array,
    private readonly offsets: Float64Array,
  ) {}

  /** Views `payload`, or copies the parts that differ. `block` is its place in `file`. */
  static decode(
    payload: Buffer,
    count: number,
    dataEnd: number,
    file: string,
    block: BlockHandle,
  ): TableIndex {
    if (count > payload.length / minEntryBytes) {
      throw corruption(file, block.offset, 'an index shorter than its entries')
    }
    const starts = new Uint32Array(count)
    const ends = new Uint32Array(count)
    const offsets = new Float64Array(count + 1)
    const reader = new VarintReader(payload)
    let blockEnd = headerBytes
    for (let i = 0; i < count; i++) {
      const length = reader.read()
      starts[i] = reader.offset
      ends[i] = starts[i] + length
      reader.offset += length
      offsets[i] = reader.read()
      const sizeBytes = reader.read()
      if (
        reader.failed ||
        offsets[i] !== blockEnd ||
        sizeBytes < trailerBytes ||
        sizeBytes > maxPayloadBytes + trailerBytes
      ) {
        throw corruption(file, block.offset, `entry ${i} of the index is invalid`)
      }
      blockEnd += sizeBytes
    }
    if (blockEnd !== dataEnd || reader.offset !== payload.length) {
      throw corruption(file, block.offset, 'the index does not span its data blocks')
    }
    offsets[count] = dataEnd
    const last = count - 1
    const prefixLength =
      count === 0
        ? 0
        : sharedPrefixLength(
            payload.subarray(starts[0], ends[0]),
            payload.subarray(starts[last], ends[last]),
          )
    const heads = new Float64Array(count + 1)
    for (let i = 0; i < count; i++) {
      starts[i] = Math.min(starts[i] + prefixLength, ends[i])
      heads[i] = keyHead(payload, starts[i], ends[i])
    }
    heads[count] = Infinity
    const prefixStart = count === 0 ? 0 : starts[0] - prefixLength
    let prefix = payload.subarray(prefixStart, prefixStart + prefixLength)
    let rests = payload
    if (prefixLength * count > payload.length / 2) {
      prefix = copyBytes(prefix)
      rests = moveTogether(payload, starts, ends)
    }
    return new TableIndex(count, prefix, rests, starts, ends, heads, offsets)
  }

  /** Whether the index keeps the payload's memory alive. */
  get viewsPayload(): boolean {
    return this.prefix.buffer === this.rests.buffer
  }

  get memoryBytes(): number {
    return this.prefix.length + this.rests.length + (this.count + 1) * (4 + 4 + 8 + 8)
  }

  /**
   * Index of the block with the first entry with a key ≥ `key[0, keyLength)`, or of the one before
   * it; `count` when all keys are lower.
   */
  find(key: Uint8Array, keyLength: number): number {
    const order = this.compareWithPrefix(key, keyLength)
    if (order !== 0) return order < 0 ? 0 : this.count
    const head = keyHead(key, this.prefix.length, keyLength)
    const heads = this.heads
    const low = searchHeads(heads, 0, this.count, head)
    return heads[low] === head ? this.findAmongEqualHeads(low, head, key, keyLength) : low
  }

  /** A binary search for `find(key)` by whole separators, step by step. */
  searchSteps(key: Uint8Array): IndexSearchStep[] {
    const steps: IndexSearchStep[] = []
    let [low, high] = [0, this.count]
    while (low < high) {
      const index = (low + high) >>> 1
      const separator = this.separatorOf(index)
      const isBelow = compareBytes(separator, key) < 0
      steps.push({ low, high, index, separator, next: isBelow ? 'right' : 'left' })
      if (isBelow) low = index + 1
      else high = index
    }
    return steps
  }

  offsetOf(index: number): number {
    return this.offsets[index]
  }

  /** Stored size, including the trailer. */
  sizeOf(index: number): number {
    return this.offsets[index + 1] - this.offsets[index]
  }

  /** End of the data blocks. */
  get dataEnd(): number {
    return this.offsets[this.count]
  }

  /** Returns a copy. */
  separatorOf(index: number): Buffer {
    return Buffer.concat([this.prefix, this.rests.subarray(this.starts[index], this.ends[index])])
  }

  /** Negative or positive: the key is before or after all separators. Zero: it has their prefix. */
  private compareWithPrefix(key: Uint8Array, keyLength: number): number {
    const prefix = this.prefix
    for (let i = 0; i < prefix.length; i++) {
      if (i === keyLength) return -1
      const difference = key[i] - prefix[i]
      if (difference !== 0) return difference
    }
    return 0
  }

  private findAmongEqualHeads(
    low: number,
    head: number,
    key: Uint8Array,
    keyLength: number,
  ): number {
    const { rests, starts, ends, heads } = this
    const keyStart = this.prefix.length
    let high = low + 1
    if (heads[high] === head) high = searchHeads(heads, high, this.count, head + 1)
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareRanges(rests, starts[middle], ends[middle], key, keyStart, keyLength) < 0) {
        low = middle + 1
      } else high = middle
    }
    return low
  }
}

/** One comparison of a binary search in an index. */
export interface IndexSearchStep {
  /** The entries that the search has left: [low, high). */
  low: number
  high: number
  /** The entry compared with the key. */
  index: number
  separator: Uint8Array
  /** 'right': the separator is below the key, so the search continues after it. */
  next: 'left' | 'right'
}

/** Copies only the given ranges, one after another. */
function moveTogether(bytes: Buffer, starts: Uint32Array, ends: Uint32Array): Buffer {
  let size = 0
  for (let i = 0; i < starts.length; i++) size += ends[i] - starts[i]
  const together = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (let i = 0; i < starts.length; i++) {
    bytes.copy(together, at, starts[i], ends[i])
    const length = ends[i] - starts[i]
    starts[i] = at
    at += length
    ends[i] = at
  }
  return together
}

/** Builds the payload of the index block. */
export class TableIndexBuilder {
  count = 0
  private readonly writer = new VarintWriter()

  add(separator: Uint8Array, handle: BlockHandle): void {
    this.count++
    this.writer.writeLengthPrefixed(separator).write(handle.offset).write(handle.sizeBytes)
  }

  finish(): Buffer {
    return this.writer.finish()
  }
}

/** An index entry is at least a length and two numbers. */
const minEntryBytes = 3
