import type { Clock } from '../base/clock.js'
import type { VarveError } from '../base/errors.js'
import type { Memory } from '../base/memory.js'
import type { PointLookup } from '../entry/point-lookup.js'
import type { KeyRange } from '../key/key-range.js'
import type { RangeTombstones } from '../key/range-tombstone.js'
import { asyncOnlyError, type TableFile } from '../store/table-store.js'
import { BlockAnswer } from './block/block.js'
import { BlockSource, type TableCounters, type TableReadContext } from './block-source.js'
import type { BloomFilter, FilterProbes } from './format/bloom-filter.js'
import type { TableProperties, TableSummary } from './format/properties.js'
import { ReadAhead } from './read-ahead.js'
import type { IndexSearchStep, TableIndex } from './table-index.js'
import { TableIterator, type TableIteratorOptions } from './table-iterator.js'
import { openParts, openPartsAsync, type TableParts } from './table-opening.js'
import { verifyTable } from './table-verify.js'

export { newTableCounters, type TableCounters, type TableReadContext } from './block-source.js'

export interface TableExplanation {
  /** The result of the filter; 'none' if the table has no filter. */
  filter: 'absent' | 'perhaps' | 'none'
  /** The number and separator of the index entry that leads to the block. */
  indexEntry?: { index: number; separator: Uint8Array }
  /** The block that was searched. */
  block?: { offset: number; sizeBytes: number; cached: boolean; entryCount: number }
  /** With `detail`, and if there is a filter. */
  filterProbes?: FilterProbes
  /** With `detail`, unless the filter excluded the key. */
  indexSearch?: IndexSearchStep[]
  /** With `detail`: milliseconds that each part took. */
  timesMs?: { filter: number; index: number; block: number }
}

/** Memory of an open table on the heap, and the overhead of its buffers; measured. */
const objectBytes = 4800

/** The number of fruitless reads that is reported first. Then each doubling is reported. */
const firstToldReads = 100

/**
 * An open table: its filter, index, properties and range tombstones are in memory; its data blocks
 * are read through the block cache.
 *
 * Owned by: a TableCache, or the tool that opened it. Lives: until `close`, and longer while it is
 * pinned. Immutable, except for the cache.
 */
export class TableReader {
  readonly memoryBytes: number
  /** The time of the last use, which the TableCache sets. */
  lastUse = 0
  readonly properties: TableProperties
  readonly rangeTombstones: RangeTombstones
  private readonly index: TableIndex
  private readonly filter: BloomFilter
  private readonly source: BlockSource
  private readonly counters: TableCounters
  /**
   * Reads that searched the table and found nothing, and the number at which they are reported
   * next.
   */
  private fruitlessReads = 0
  private reportAtReads = firstToldReads

  private constructor(
    readonly fileNumber: number,
    parts: TableParts,
    file: TableFile,
    private readonly context: TableReadContext,
  ) {
    const { properties, rangeTombstones, index, filter } = parts
    this.properties = properties
    this.rangeTombstones = rangeTombstones
    this.index = index
    this.filter = filter
    this.source = new BlockSource(file, index, properties.baseSequence, context)
    this.counters = context.counters
    const inMemory = [index, filter, rangeTombstones, this.source]
    this.memoryBytes = inMemory.reduce((sum, { memoryBytes }) => sum + memoryBytes, objectBytes)
  }

  /**
   * Reads everything except the data blocks. `expected`: the table according to the MANIFEST,
   * because another file may have its name. If this throws, the caller must close the file.
   */
  static open(
    file: TableFile,
    fileNumber: number,
    context: TableReadContext,
    expected?: TableSummary,
  ): TableReader {
    const parts = openParts(file, context.codecs, expected)
    return new TableReader(fileNumber, parts, file, context)
  }

  /** The same without blocking the thread. */
  static async openAsync(
    file: TableFile,
    fileNumber: number,
    context: TableReadContext,
    expected?: TableSummary,
  ): Promise<TableReader> {
    const parts = await openPartsAsync(file, context.codecs, expected)
    return new TableReader(fileNumber, parts, file, context)
  }

  /**
   * Stores the newest visible entry of the key, a put or a delete, in the lookup, if the table has
   * one. The value is in the memory of a block, which does not change while the lookup refers to
   * it. The caller handles range tombstones. If a block must be read and the lookup may not wait,
   * the lookup is blocked: load its `missing`, then call `get` again.
   */
  get(lookup: PointLookup): void {
    if (this.filter.exists) {
      this.counters.filterProbes++
      if (!this.filter.mayContain(lookup.hashUnder(this.filter.secret))) {
        this.counters.filterUseful++
        return
      }
    }
    let index = this.index.find(lookup.key, lookup.keyLength)
    let answer: number = BlockAnswer.absent
    if (index < this.index.count) {
      const block = this.blockFor(index, lookup)
      if (block === undefined) return
      answer = block.find(lookup)
    }
    while (answer === BlockAnswer.continues && ++index < this.index.count) {
      const block = this.blockFor(index, lookup)
      if (block === undefined) return
      answer = block.findContinued(lookup)
    }
    if (answer === BlockAnswer.absent) this.foundNothing()
  }

  /** The parts that `get` would consult for a key. Changes only the counts of the cache. */
  explain(key: Buffer): TableExplanation {
    if (this.excludes(key)) return { filter: 'absent' }
    const filter = this.filter.exists ? 'perhaps' : 'none'
    const index = this.index.find(key, key.length)
    if (index === this.index.count) return { filter }
    const cached = this.source.cached(index)
    if (cached === undefined && this.source.isAsyncOnly) throw notInMemory(this.source.path)
    const block = cached ?? this.source.read(index, true)
    return {
      filter,
      indexEntry: { index, separator: this.index.separatorOf(index) },
      block: {
        offset: this.index.offsetOf(index),
        sizeBytes: this.index.sizeOf(index),
        cached: cached !== undefined,
        entryCount: block.count,
      },
    }
  }

  /** As `explain`, with the steps within the filter and the index, and the time of each part. */
  explainInDetail(key: Buffer, clock: Clock): TableExplanation {
    const startMs = clock.monotonicMs()
    const excludes = this.excludes(key)
    const filterEndMs = clock.monotonicMs()
    const index = excludes ? 0 : this.index.find(key, key.length)
    const indexEndMs = clock.monotonicMs()
    const explanation = this.explain(key)
    const timesMs = {
      filter: filterEndMs - startMs,
      index: excludes ? 0 : indexEndMs - filterEndMs,
      block: explanation.block === undefined ? 0 : clock.monotonicMs() - indexEndMs,
    }
    return {
      ...explanation,
      ...(this.filter.exists
        ? { filterProbes: this.filter.probesOf(this.filter.hashOf(key, 0, key.length)) }
        : {}),
      ...(excludes || index === this.index.count
        ? {}
        : { indexSearch: this.index.searchSteps(key) }),
      timesMs,
    }
  }

  /** Bytes of the data blocks that a range overlaps, except the last one. */
  dataBytesIn({ start, end }: KeyRange): number {
    const from = this.offsetBefore(start)
    return (end === null ? this.index.dataEnd : this.offsetBefore(end)) - from
  }

  /**
   * Divides the data into pieces of about `pieceBytes`. Returns the last key and the size of each.
   */
  pieces(pieceBytes: number): { end: Uint8Array; sizeBytes: number }[] {
    const pieces: { end: Uint8Array; sizeBytes: number }[] = []
    let sizeBytes = 0
    for (let i = 0; i < this.index.count; i++) {
      sizeBytes += this.index.sizeOf(i)
      if (sizeBytes < pieceBytes && i < this.index.count - 1) continue
      pieces.push({ end: this.index.separatorOf(i), sizeBytes })
      sizeBytes = 0
    }
    return pieces
  }

  /** The iterator pins the table until it is closed. */
  iterator(options: TableIteratorOptions): TableIterator {
    return new TableIterator(this.index, this.source, options)
  }

  /** Reads data blocks into `piece[start, start + length)`, bypassing the cache. Pins nothing. */
  readAhead(piece: Memory, start: number, length: number): ReadAhead {
    return new ReadAhead(this.index, this.source, piece, start, length)
  }

  /** Reads the whole table again. Throws `CORRUPTION` at the first inconsistency. */
  verify(): void {
    verifyTable(this.properties, this.index, this.filter, this.source)
  }

  get isPinned(): boolean {
    return this.source.isPinned
  }

  /** Keeps the file open until `unpin`, even after `close`. */
  pin(): void {
    this.source.pin()
  }

  unpin(): void {
    this.source.unpin()
  }

  /** Removes its blocks from the cache. Closes the file now, or when the last pin is released. */
  close(): void {
    this.source.close()
  }

  private excludes(key: Buffer): boolean {
    const { filter } = this
    return filter.exists && !filter.mayContain(filter.hashOf(key, 0, key.length))
  }

  private foundNothing(): void {
    if (this.filter.exists) this.counters.filterFalsePositives++
    if (++this.fruitlessReads < this.reportAtReads) return
    this.reportAtReads *= 2
    this.context.onFruitlessReads?.(this.fileNumber, this.fruitlessReads)
  }

  /** The offset of the block with the first key ≥ `key`, or the end of the data. */
  private offsetBefore(key: Uint8Array): number {
    return this.index.offsetOf(this.index.find(key, key.length))
  }

  private blockFor(index: number, lookup: PointLookup): ReturnType<BlockSource['cached']> {
    const { source } = this
    const block = source.cachedForLookup(index)
    if (block === undefined && (!lookup.mayRead || source.isAsyncOnly)) {
      lookup.block(source.missing(index))
      return undefined
    }
    lookup.blocksTouched++
    return block ?? source.read(index, true)
  }
}

/** The error of `explain`, which does not wait for blocks. */
export function notInMemory(path: string): VarveError {
  return asyncOnlyError(path, 'await get with this key to load it, then call explain again')
}
