import type { Clock } from '../base/clock.js'
import type { VarveError } from '../base/errors.js'
import type { Memory } from '../base/memory.js'
import type { PointLookup } from '../entry/point-lookup.js'
import type { KeyRange } from '../key/key-range.js'
import type { RangeTombstones } from '../key/range-tombstone.js'
import { asyncOnlyError, type TableFile } from '../store/table-store.js'
import { BlockAnswer } from './block/block.js'
import { BlockSource, type TableCounters, type TableReadContext } from './block-source.js'
import type { BloomFilter, FilterProbes } from './bloom-filter.js'
import type { TableProperties, TableSummary } from './format/properties.js'
import { ReadAhead } from './read-ahead.js'
import type { IndexSearchStep, TableIndex } from './table-index.js'
import { TableIterator, type TableIteratorOptions } from './table-iterator.js'
import { openParts, openPartsAsync, type TableParts } from './table-opening.js'
import { verifyTable } from './table-verify.js'

export { newTableCounters, type TableCounters, type TableReadContext } from './block-source.js'

export interface TableExplanation {
  /** What the filter said; 'none' when the table has no filter. */
  filter: 'absent' | 'perhaps' | 'none'
  /** The index entry that leads to the block: its number and its separator key. */
  indexEntry?: { index: number; separator: Uint8Array }
  /** The block looked into. */
  block?: { offset: number; sizeBytes: number; cached: boolean; entryCount: number }
  /** With `detail`, and if there is a filter. */
  filterProbes?: FilterProbes
  /** With `detail`, unless the filter excluded the key. */
  indexSearch?: IndexSearchStep[]
  /** With `detail`: milliseconds that each part took. */
  timesMs?: { filter: number; index: number; block: number }
}

/** Objects of an open table on the heap, and the overhead of its buffers; measured. */
const objectBytes = 4800

/** Fruitless reads are reported at this number, and then each time that it has doubled. */
const firstToldReads = 100

/**
 * One table, open for reading: its filter, index, properties and range tombstones in memory, its
 * data blocks through the block cache.
 *
 * Owned by: a TableCache, or the tool that opened it. Lives: until `close`, and longer while it is
 * pinned. Immutable, except for the cache.
 */
export class TableReader {
  readonly memoryBytes: number
  /** For the TableCache: when it was last asked for. */
  lastUse = 0
  readonly properties: TableProperties
  readonly rangeTombstones: RangeTombstones
  private readonly index: TableIndex
  private readonly filter: BloomFilter
  private readonly source: BlockSource
  private readonly counters: TableCounters
  /** Reads that searched it and found nothing, and the number at which they are reported next. */
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
   * Reads all but the data blocks. `expected`: what the MANIFEST says of the table, for another one
   * may lie under its name. When it throws, closing the file stays with the caller.
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

  /** False: no entry of this table has a key with this `hashBytes`. */
  mayContain(hash: number): boolean {
    return !this.filter.exists || this.filter.mayContain(hash)
  }

  /**
   * Gives the lookup the newest visible entry of its key, a put or a delete, if the table has one.
   * The value is in the memory of a block, which does not change while the lookup refers to it. The
   * caller handles range tombstones. If a block must be read and the lookup may not wait, the
   * lookup is blocked: load its `missing`, then call `get` again.
   */
  get(lookup: PointLookup): void {
    if (this.filter.exists) {
      this.counters.filterProbes++
      if (!this.filter.mayContain(lookup.hash)) {
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

  /** What `get` would consult for a key with this hash; changes nothing but the cache's counts. */
  explain(key: Buffer, hash: number): TableExplanation {
    if (this.filter.exists && !this.filter.mayContain(hash)) return { filter: 'absent' }
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
  explainInDetail(key: Buffer, hash: number, clock: Clock): TableExplanation {
    const startMs = clock.monotonicMs()
    const excludes = this.filter.exists && !this.filter.mayContain(hash)
    const filterEndMs = clock.monotonicMs()
    const index = excludes ? 0 : this.index.find(key, key.length)
    const indexEndMs = clock.monotonicMs()
    const explanation = this.explain(key, hash)
    const timesMs = {
      filter: filterEndMs - startMs,
      index: excludes ? 0 : indexEndMs - filterEndMs,
      block: explanation.block === undefined ? 0 : clock.monotonicMs() - indexEndMs,
    }
    return {
      ...explanation,
      ...(this.filter.exists ? { filterProbes: this.filter.probesOf(hash) } : {}),
      ...(excludes || index === this.index.count
        ? {}
        : { indexSearch: this.index.searchSteps(key) }),
      timesMs,
    }
  }

  /** Bytes of the data blocks that a range reaches into, but for the last. */
  dataBytesIn({ start, end }: KeyRange): number {
    const from = this.offsetBefore(start)
    return (end === null ? this.index.dataEnd : this.offsetBefore(end)) - from
  }

  /** Splits its data into pieces of about `pieceBytes`: the last key and the size of each. */
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

  /** Reads the data blocks past the cache, into `piece[start, start + length)`. Pins nothing. */
  readAhead(piece: Memory, start: number, length: number): ReadAhead {
    return new ReadAhead(this.index, this.source, piece, start, length)
  }

  /** Reads the whole table again and throws `CORRUPTION` for whatever does not fit together. */
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

  /** Drops what the cache holds of it and closes the file: now, or when the last pin goes. */
  close(): void {
    this.source.close()
  }

  private foundNothing(): void {
    if (this.filter.exists) this.counters.filterFalsePositives++
    if (++this.fruitlessReads < this.reportAtReads) return
    this.reportAtReads *= 2
    this.context.onFruitlessReads?.(this.fileNumber, this.fruitlessReads)
  }

  /** Where the block begins that holds the first key ≥ `key`, or the data ends. */
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

/** `explain` does not wait. */
export function notInMemory(path: string): VarveError {
  return asyncOnlyError(path, 'await get with this key to load it, then call explain again')
}
