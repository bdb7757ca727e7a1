import { assert } from '../base/assert.js'
import { compareViews, copyBytes, emptyBytes, printableKey } from '../base/bytes/bytes.js'
import { keyedHash } from '../base/bytes/keyed-hash.js'
import { invalidArgument, type VarveError } from '../base/errors.js'
import { Memory } from '../base/memory.js'
import type { WritableFile } from '../fs/file-system.js'
import { readExpiry } from '../key/expiry.js'
import { keyOf, type InputEntry } from '../entry/job-input.js'
import { isEmptyRange, successor, unionRange, type KeyRange } from '../key/key-range.js'
import { maxSequence } from '../key/limits.js'
import { compareRangeTombstones, type RangeTombstone } from '../key/range-tombstone.js'
import { ValueKind } from '../key/value-kind.js'
import { AppendBuffer, outputRoomBytes, type OutputRoom } from './block/append-buffer.js'
import { BlockBuilder, maxEntryHeaderBytes } from './block/block-builder.js'
import { BloomFilterBuilder } from './format/bloom-filter.js'
import { noneCodec, type BlockCodec } from './block/codec.js'
import { encodeProperties, type TableStatistics, type TableSummary } from './format/properties.js'
import { mayBeStored, RangeDeleteBlockBuilder } from './block/range-delete-block.js'
import { shortestSeparator } from '../key/separator.js'
import { BlockPacker } from './block/block-packer.js'
import { packBlock, type PackedBlock } from './block/stored-block.js'
import {
  encodeFooter,
  encodeHeader,
  formatVersionFor,
  type BlockHandle,
} from './format/table-format.js'
import { TableIndexBuilder } from './table-index.js'

export interface TableOptions {
  /** Size before compression at which a data block is closed. A larger entry gets its own block. */
  readonly blockBytes: number
  /** Bits of Bloom filter per distinct key: 0 (no filter), or at least 1. */
  readonly filterBitsPerKey: number
  /** Secret of the filter: an integer from 1 to 2^53 − 1, or 0 for none. Default: 0. */
  readonly filterSecret?: number
  readonly codec: BlockCodec
}

const noProperties: ReadonlyMap<string, Uint8Array> = new Map()

/**
 * Writes one table from ordered entries: user keys ascend, and the versions of a key have
 * descending sequences. Range tombstones are added separately, by ascending start, then descending
 * sequence.
 *
 * Owned by: the flush or compaction that fills it. Lives: until `finish` or `abandon`. One of them
 * must be called; if `finish` throws, `abandon`.
 *
 * 1. Entries out of order or below the base sequence fail with `INVALID_ARGUMENT` and leave the
 *   table
 *    unchanged.
 * 2. The file is complete and synced when `finish` returns. Its name is durable only after the
 *   caller
 *    syncs the folder.
 */
export class TableWriter {
  entryCount = 0
  private readonly output: AppendBuffer
  private readonly block: BlockBuilder
  private readonly packer: BlockPacker
  private readonly index = new TableIndexBuilder()
  private readonly filter: BloomFilterBuilder
  private readonly rangeDeletes = new RangeDeleteBlockBuilder()
  private lastHash = 0
  private lastSequence = 0
  private firstKey: Uint8Array = emptyBytes
  private rangeDeleteRange: KeyRange | undefined
  private lastTombstone: RangeTombstone | undefined
  private minSequence = Number.MAX_SAFE_INTEGER
  private maxSequence = 0
  private deleteCount = 0
  private expiringCount = 0
  private lastExpiryMs = 0
  private shadowedCount = 0
  private shadowedBytes = 0
  private oldestShadowed = 0
  private newestShadowing = 0
  private rangeDeleteCount = 0
  private keyBytes = 0
  private valueBytes = 0
  private isClosed = false

  /**
   * Writes into an empty file, which it closes. `baseSequence` is a lower bound of all added
   * sequences. `room` belongs to the writer until the table is finished or abandoned.
   */
  constructor(
    private readonly file: WritableFile,
    private readonly options: TableOptions,
    private readonly baseSequence: number,
    room: OutputRoom = { memory: Memory.allocate(outputRoomBytes), start: 0 },
  ) {
    this.filter = new BloomFilterBuilder(options.filterBitsPerKey, options.filterSecret)
    this.output = new AppendBuffer(file, room)
    this.block = new BlockBuilder(this.output, options.blockBytes)
    this.packer = new BlockPacker(options.codec)
    this.output.append(encodeHeader(this.formatVersion))
  }

  /** Size of the data so far, without filter and index. */
  get sizeBytes(): number {
    return this.output.sizeBytes + this.block.sizeBytes
  }

  /** The lowest one that allows the codec and the secret. */
  private get formatVersion(): number {
    const { codec, filterBitsPerKey, filterSecret = 0 } = this.options
    return formatVersionFor(codec.id, filterBitsPerKey > 0 && filterSecret !== 0)
  }

  get isEmpty(): boolean {
    return this.entryCount === 0 && this.rangeDeleteCount === 0
  }

  /**
   * Adds a copy of the entry. `coveredAt`: the highest sequence of a range delete in this table
   * over its key, or 0.
   */
  add(entry: InputEntry, coveredAt = 0): void {
    const { block } = this
    const { keyStart, keyEnd, valueEnd, sequence, kind } = entry
    const order = this.entryCount === 0 ? -1 : this.compareLastKeyWith(entry)
    if (
      sequence < this.baseSequence ||
      sequence > maxSequence ||
      order > 0 ||
      (order === 0 && sequence >= this.lastSequence) ||
      (kind > ValueKind.put && kind !== ValueKind.putWithExpiry)
    ) {
      throw this.refused(keyOf(entry), sequence, kind)
    }
    if (order < 0) {
      this.lastHash = entry.hash()
      this.filter.add(this.filterHashOf(entry))
    }
    const entryBytes = maxEntryHeaderBytes + valueEnd - keyStart
    if (this.entryCount === 0) this.firstKey = keyOf(entry)
    else if (block.count > 0 && block.sizeBytes + entryBytes > this.options.blockBytes) {
      this.closeBlock(entry)
    }
    block.add(entry, this.lastHash, sequence - this.baseSequence)
    if (order === 0) this.countShadowed(entry, this.lastSequence)
    else if (coveredAt > sequence) this.countShadowed(entry, coveredAt)
    this.entryCount++
    this.lastSequence = sequence
    this.keyBytes += keyEnd - keyStart
    this.valueBytes += valueEnd - keyEnd
    if (kind === ValueKind.delete) this.deleteCount++
    else if (kind === ValueKind.putWithExpiry) this.countExpiring(entry)
    if (sequence < this.minSequence) this.minSequence = sequence
    if (sequence > this.maxSequence) this.maxSequence = sequence
  }

  /**
   * Adds a tombstone over the nonempty range [start, end). Starts ascend; equal ones newest first.
   */
  addRangeTombstone(start: Uint8Array, end: Uint8Array | null, sequence: number): void {
    const { lastTombstone } = this
    const tombstone = { start: copyBytes(start), end: end && copyBytes(end), sequence }
    if (
      sequence < this.baseSequence ||
      isEmptyRange(tombstone) ||
      (lastTombstone !== undefined && compareRangeTombstones(lastTombstone, tombstone) >= 0)
    ) {
      throw this.refused(start, sequence, ValueKind.rangeDelete)
    }
    this.rangeDeletes.add(tombstone)
    this.rangeDeleteCount++
    this.lastTombstone = tombstone
    this.rangeDeleteRange =
      this.rangeDeleteRange === undefined
        ? { start: tombstone.start, end: tombstone.end }
        : unionRange(this.rangeDeleteRange, tombstone)
    if (sequence < this.minSequence) this.minSequence = sequence
    if (sequence > this.maxSequence) this.maxSequence = sequence
  }

  /** Writes the remaining blocks, syncs and closes. Requires: not isEmpty. */
  finish(userProperties: ReadonlyMap<string, Uint8Array> = noProperties): TableSummary {
    assert(!this.isEmpty && !this.isClosed, 'finish of an empty or closed table')
    const statistics = this.statistics()
    if (this.block.count > 0) this.closeBlock(undefined)
    const { codec, filterBitsPerKey } = this.options
    const filter = this.appendBlock(this.filter.finish(), noneCodec)
    const rangeDelete = this.appendRangeDeletes(codec)
    const index = this.appendBlock(this.index.finish(), codec)
    const properties = this.appendBlock(
      encodeProperties({
        ...statistics,
        baseSequence: this.baseSequence,
        dataBlockCount: this.index.count,
        filterBitsPerKey: Math.round(filterBitsPerKey),
        codec: codec.name,
        user: userProperties,
      }),
      noneCodec,
    )
    const handles = { filter, rangeDelete, index, properties }
    this.output.append(encodeFooter(handles, this.formatVersion))
    this.output.flush()
    this.file.sync()
    const { sizeBytes } = this.file
    this.close()
    return { ...statistics, sizeBytes }
  }

  /** Closes the file, which is unusable unless `finish` returned. The caller removes it. */
  abandon(): void {
    if (!this.isClosed) this.close()
  }

  /** Requires: `lastHash` is the hash of the entry's key. */
  private filterHashOf({ memory, keyStart, keyEnd }: InputEntry): number {
    const { filterSecret = 0 } = this.options
    return filterSecret === 0
      ? this.lastHash
      : keyedHash(memory.bytes, keyStart, keyEnd, filterSecret)
  }

  private countExpiring({ memory, keyEnd }: InputEntry): void {
    this.expiringCount++
    this.lastExpiryMs = Math.max(this.lastExpiryMs, readExpiry(memory.bytes, keyEnd))
  }

  private countShadowed({ keyStart, valueEnd, sequence }: InputEntry, hiddenAt: number): void {
    const isOldest = this.shadowedCount === 0 || sequence < this.oldestShadowed
    if (isOldest) this.oldestShadowed = sequence
    this.shadowedCount++
    this.shadowedBytes += valueEnd - keyStart
    this.newestShadowing = Math.max(this.newestShadowing, hiddenAt)
  }

  private compareLastKeyWith({ memory, keyStart, keyEnd }: InputEntry): number {
    const { lastKeyMemory, lastKeyStart, lastKeyEnd } = this.block
    return compareViews(lastKeyMemory.view, lastKeyStart, lastKeyEnd, memory.view, keyStart, keyEnd)
  }

  /** `next` starts the next block; undefined at the end of the table. */
  private closeBlock(next: InputEntry | undefined): void {
    const handle = this.appendPacked(this.packer.pack(this.block.finish()))
    const { lastKey } = this.block
    const nextKey = next?.memory.bytes.subarray(next.keyStart, next.keyEnd)
    this.index.add(nextKey === undefined ? lastKey : shortestSeparator(lastKey, nextKey), handle)
  }

  private appendRangeDeletes(codec: BlockCodec): BlockHandle {
    const payload = this.rangeDeletes.finish()
    const packed = packBlock(payload, codec)
    const mayBe = mayBeStored(this.rangeDeleteCount, packed.payload.length)
    return this.appendPacked(mayBe ? packed : packBlock(payload, noneCodec))
  }

  private appendBlock(payload: Buffer, codec: BlockCodec): BlockHandle {
    return this.appendPacked(packBlock(payload, codec))
  }

  private appendPacked(block: PackedBlock): BlockHandle {
    const offset = this.output.sizeBytes
    this.output.appendBlock(block)
    return { offset, sizeBytes: this.output.sizeBytes - offset }
  }

  private statistics(): TableStatistics {
    return {
      range: this.range(),
      minSequence: this.minSequence,
      maxSequence: this.maxSequence,
      entryCount: this.entryCount,
      deleteCount: this.deleteCount,
      expiringCount: this.expiringCount,
      lastExpiryMs: this.lastExpiryMs,
      shadowedCount: this.shadowedCount,
      shadowedBytes: this.shadowedBytes,
      oldestShadowed: this.oldestShadowed,
      newestShadowing: this.newestShadowing,
      rangeDeleteCount: this.rangeDeleteCount,
      keyBytes: this.keyBytes,
      valueBytes: this.valueBytes,
    }
  }

  private range(): KeyRange {
    const { block, rangeDeleteRange } = this
    if (this.entryCount === 0 && rangeDeleteRange !== undefined) return rangeDeleteRange
    const points = { start: this.firstKey, end: successor(block.lastKey) }
    return rangeDeleteRange === undefined ? points : unionRange(points, rangeDeleteRange)
  }

  private close(): void {
    this.isClosed = true
    this.file.close()
  }

  private refused(key: Uint8Array, sequence: number, kind: number): VarveError {
    return invalidArgument(
      `table ${this.file.path} cannot add key ${printableKey(key)}, sequence ${sequence}, ` +
        `kind ${kind}: keys must ascend, the sequences of a key must descend, and none may be ` +
        `below ${this.baseSequence}`,
    )
  }
}
