import { asBuffer, compareBytes, emptyBytes } from '../../base/bytes/bytes.js'
import { corruption, reasonOf, VarveError } from '../../base/errors.js'
import { VarintReader } from '../../base/bytes/varint.js'
import type { ReadableFile } from '../../fs/file-system.js'
import { FileWindow } from '../../fs/file-window.js'
import { rangeContains } from '../../key/key-range.js'
import type { RangeTombstone } from '../../key/range-tombstone.js'
import { BlockCheck } from './block-check.js'
import { findBlocks, type StoredBlock } from './block-search.js'
import { BloomFilter } from '../format/bloom-filter.js'
import type { CodecRegistry } from '../block/codec.js'
import {
  decodeProperties,
  type TableProperties,
  type TableStatistics,
} from '../format/properties.js'
import { decodeRangeDeletes } from '../block/range-delete-block.js'
import { unpackBlock } from '../block/stored-block.js'
import {
  type BlockHandle,
  checkHeader,
  decodeFooter,
  footerBytes,
  headerBytes,
  maxPayloadBytes,
  type TableHandles,
  trailerBytes,
} from '../format/table-format.js'

export type TablePart =
  'header' | 'data' | 'filter' | 'range deletes' | 'index' | 'properties' | 'footer'

/** A damaged part of a table. */
export interface Damage {
  readonly part: TablePart
  readonly start: number
  readonly end: number
  readonly what: string
  /** The bytes are intact but have a format that this version does not know. */
  readonly isUnsupported: boolean
}

/** A data block with a valid checksum that passes every check on a single block. */
export interface SoundBlock extends StoredBlock {
  /** Describes the block until the next one is requested; its payload is valid as long. */
  readonly check: BlockCheck
}

interface IndexEntry extends StoredBlock {
  /** ≥ every key of the block, and < every key of the next one except continued versions. */
  readonly separator: Buffer
}

/**
 * A table file that may be damaged anywhere. Damaged parts are reported and skipped; the rest is
 * still read. Blocks are found through the index, or by their checksums when the index or footer is
 * lost.
 *
 * Owned by: the tool that opened it, which closes the file. Lives: as long as the file is open.
 */
export class TolerantTable {
  readonly damage: Damage[] = []
  /** The readable parts; undefined if damaged. */
  properties: TableProperties | undefined
  tombstones: readonly RangeTombstone[] | undefined
  filter: BloomFilter | undefined
  index: readonly IndexEntry[] | undefined
  handles: TableHandles | undefined
  readonly sizeBytes: number

  private readonly check = new BlockCheck()

  /** Never throws for the file's content; throws `IO` only if the size of the file is unknown. */
  constructor(
    readonly file: ReadableFile,
    private readonly codecs: CodecRegistry,
    /** Statistics from another source, in case the table's own are lost. */
    private readonly known?: TableStatistics,
  ) {
    this.sizeBytes = file.sizeBytes()
    this.attempt('header', 0, headerBytes, () =>
      checkHeader(this.readExactly(0, headerBytes), file.path),
    )
    const footerStart = Math.max(0, this.sizeBytes - footerBytes)
    this.handles = this.attempt('footer', footerStart, this.sizeBytes, () =>
      decodeFooter(this.readExactly(footerStart, footerBytes), this.sizeBytes, file.path),
    )
    this.judgeVersions()
    if (this.handles === undefined) this.findDescribingBlocks()
    else this.readDescribingBlocks(this.handles)
  }

  /** The sound data blocks in file order. Afterwards `damage` contains the skipped parts. */
  *blocks(): Generator<SoundBlock> {
    if (this.index === undefined) yield* this.foundBlocks()
    else yield* this.indexedBlocks(this.index)
  }

  /**
   * A version is stored at both ends, outside any checksum. If only one is unknown, it is damaged.
   */
  private judgeVersions(): void {
    const strange = this.damage.filter(({ isUnsupported }) => isUnsupported)
    if (strange.length !== 1) return
    const index = this.damage.indexOf(strange[0])
    this.damage[index] = { ...strange[0], isUnsupported: false }
  }

  private readDescribingBlocks({ filter, rangeDelete, index, properties }: TableHandles): void {
    const { path } = this.file
    const read = <T>(
      part: TablePart,
      handle: BlockHandle,
      decode: (payload: Buffer) => T,
    ): T | undefined =>
      this.attempt(part, handle.offset, handle.offset + handle.sizeBytes, () =>
        decode(this.payloadAt(handle)),
      )
    this.filter = read('filter', filter, (payload) =>
      BloomFilter.decode(payload, path, filter.offset),
    )
    this.tombstones = read('range deletes', rangeDelete, (payload) =>
      decodeRangeDeletes(payload, rangeDelete.sizeBytes - trailerBytes, path, rangeDelete.offset),
    )
    this.index = read('index', index, (payload) =>
      decodeIndex(payload, filter.offset, path, index.offset),
    )
    this.properties = read('properties', properties, (payload) =>
      decodeProperties(payload, path, properties.offset),
    )
  }

  /**
   * Without a footer, the properties are the last valid block, and the range deletes come before.
   */
  private findDescribingBlocks(): void {
    const { path } = this.file
    const found = [
      ...this.findAll((payload, storedBytes) => this.isPlausible(payload, storedBytes)),
    ].reverse()
    const read = <T>(block: StoredBlock, decode: (payload: Buffer) => T): T | undefined =>
      quietly(() => decode(this.payloadAt(block)))
    let end = this.sizeBytes
    for (const block of found) {
      const properties = read(block, (payload) => decodeProperties(payload, path, block.offset))
      if (properties === undefined) continue
      this.properties = properties
      end = block.offset
      break
    }
    const count = (this.properties ?? this.known)?.rangeDeleteCount
    if (count === 0) this.tombstones = []
    if (count === undefined || count === 0) return
    for (const block of found) {
      if (block.offset >= end) continue
      const list = read(block, (payload) =>
        decodeRangeDeletes(payload, block.sizeBytes - trailerBytes, path, block.offset),
      )
      if (list?.length !== count) continue
      this.tombstones = list
      return
    }
  }

  /** Whether a payload is valid as any kind of block. */
  private isPlausible(payload: Buffer, storedBytes: number): boolean {
    const { path } = this.file
    return (
      this.check.run(payload) ||
      quietly(() => decodeProperties(payload, path, 0)) !== undefined ||
      quietly(() => decodeRangeDeletes(payload, storedBytes, path, 0)) !== undefined ||
      quietly(() => decodeIndex(payload, undefined, path, 0)) !== undefined ||
      quietly(() => BloomFilter.decode(payload, path, 0)) !== undefined
    )
  }

  private *indexedBlocks(index: readonly IndexEntry[]): Generator<SoundBlock> {
    const { check } = this
    let before: Buffer = emptyBytes
    for (const block of index) {
      const { offset, sizeBytes, separator } = block
      const end = offset + sizeBytes
      const payload = this.attempt('data', offset, end, () => this.payloadAt(block))
      if (payload !== undefined) {
        const isSound = check.run(payload, this.filter)
        const problem = isSound ? this.misfit(before, separator) : check.problem
        if (problem === undefined) yield { ...block, check }
        else this.report('data', offset, end, problem, check.isUnsupported)
      }
      before = separator
    }
  }

  /** How the block checked last contradicts its table or its separators. */
  private misfit(before: Buffer, separator: Buffer | undefined): string | undefined {
    const { check } = this
    const first = compareBytes(check.firstKey, before)
    if (first < 0) return 'keys below the separator before them'
    if (separator !== undefined && compareBytes(check.lastKey, separator) > 0) {
      return 'keys above their separator'
    }
    const range = (this.properties ?? this.known)?.range
    const isInRange =
      range === undefined ||
      (rangeContains(range, check.firstKey) && rangeContains(range, check.lastKey))
    if (!isInRange) return 'keys outside the range of the table'
    if (this.properties === undefined) return undefined
    const { baseSequence, minSequence, maxSequence } = this.properties
    const [low, high] = [baseSequence + check.minDelta, baseSequence + check.maxDelta]
    return low < minSequence || high > maxSequence ? 'sequences out of bounds' : undefined
  }

  private *foundBlocks(): Generator<SoundBlock> {
    const { check } = this
    const isData = (payload: Buffer): boolean =>
      check.run(payload) && this.misfit(emptyBytes, undefined) === undefined
    const stretches = longestFirst(this.findAll(isData), (block) => {
      check.run(this.payloadAt(block))
      return { first: Buffer.from(check.firstKey), last: Buffer.from(check.lastKey) }
    })
    let end = headerBytes
    for (const block of stretches) {
      if (block.offset > end) this.report('data', end, block.offset, 'no whole block')
      end = block.offset + block.sizeBytes
      check.run(this.payloadAt(block), this.filter)
      yield { ...block, check }
    }
    // Without a footer the end of the data blocks is unknown.
    const dataEnd = this.handles?.filter.offset ?? end
    if (end < dataEnd) this.report('data', end, dataEnd, 'no whole block')
  }

  private *findAll(
    isPayload: (payload: Buffer, storedBytes: number) => boolean,
  ): Generator<StoredBlock> {
    const end = this.handles?.filter.offset ?? this.sizeBytes
    const { path } = this.file
    const isBlock = (stored: Buffer, offset: number): boolean => {
      const payload = quietly(() => unpackBlock(stored, this.codecs, path, offset))
      return payload !== undefined && isPayload(payload, stored.length - trailerBytes)
    }
    const window = new FileWindow(this.file)
    yield* findBlocks(window, headerBytes, end, this.codecs.ids(), isBlock)
  }

  private payloadAt({ offset, sizeBytes }: BlockHandle): Buffer {
    const { path } = this.file
    if (sizeBytes > maxPayloadBytes + trailerBytes) {
      throw corruption(path, offset, 'a block longer than the limit')
    }
    return unpackBlock(this.readExactly(offset, sizeBytes), this.codecs, path, offset)
  }

  private readExactly(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    const got = this.file.read(bytes, 0, length, offset)
    if (got < length) throw corruption(this.file.path, offset, 'the file ends too early')
    return bytes
  }

  /** The result of `read`, or undefined after recording the damage. */
  private attempt<T>(part: TablePart, start: number, end: number, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      this.report(part, start, end, reasonOf(error), error.code === 'UNSUPPORTED_FORMAT')
      return undefined
    }
  }

  private report(
    part: TablePart,
    start: number,
    end: number,
    what: string,
    isUnsupported = false,
  ): void {
    this.damage.push({ part, start, end, what, isUnsupported })
  }
}

/**
 * Decodes the index block on its own, without the number of blocks and, when `dataEnd` is
 * undefined, without their end.
 */
function decodeIndex(
  payload: Buffer,
  dataEnd: number | undefined,
  file: string,
  fileOffset: number,
): IndexEntry[] {
  const reader = new VarintReader(payload)
  const entries: IndexEntry[] = []
  let end = headerBytes
  let before: Uint8Array = emptyBytes
  while (reader.offset < payload.length) {
    const separator = reader.readLengthPrefixed()
    const offset = reader.read()
    const sizeBytes = reader.read()
    const fits = offset === end && sizeBytes >= trailerBytes && compareBytes(before, separator) <= 0
    if (reader.failed || !fits) {
      throw corruption(file, fileOffset, `entry ${entries.length} of the index is invalid`)
    }
    entries.push({ offset, sizeBytes, separator: asBuffer(separator) })
    end += sizeBytes
    before = separator
  }
  if (dataEnd !== undefined && end !== dataEnd) {
    throw corruption(file, fileOffset, 'the index does not span its data blocks')
  }
  return entries
}

interface Stretch {
  readonly blocks: StoredBlock[]
  readonly firstKey: Buffer
  lastKey: Buffer
  readonly start: number
  end: number
}

/**
 * Selects blocks of one table among those found by their checksums: contiguous stretches, the
 * longest first, as long as their keys are ordered. This excludes a piece of a table in a value of
 * a damaged block.
 */
function longestFirst(
  blocks: Iterable<StoredBlock>,
  keysOf: (block: StoredBlock) => { first: Buffer; last: Buffer },
): StoredBlock[] {
  const stretches: Stretch[] = []
  for (const block of blocks) {
    const { first, last } = keysOf(block)
    const end = block.offset + block.sizeBytes
    const open = stretches.at(-1)
    if (open?.end === block.offset && compareBytes(open.lastKey, first) <= 0) {
      open.blocks.push(block)
      open.lastKey = last
      open.end = end
    } else {
      const { offset: start } = block
      stretches.push({ blocks: [block], firstKey: first, lastKey: last, start, end })
    }
  }
  const accepted: Stretch[] = []
  for (const stretch of stretches.sort((a, b) => b.end - b.start - (a.end - a.start))) {
    if (accepted.every((other) => areInOrder(other, stretch))) accepted.push(stretch)
  }
  return accepted.sort((a, b) => a.start - b.start).flatMap((stretch) => stretch.blocks)
}

function areInOrder(a: Stretch, b: Stretch): boolean {
  const [first, second] = a.start < b.start ? [a, b] : [b, a]
  return compareBytes(first.lastKey, second.firstKey) <= 0
}

/** The result of `read`, or undefined if it throws because of the bytes. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    return undefined
  }
}
