import type { InternalIterator } from '../entry/internal-iterator.js'
import { ConcatenatingIterator } from '../iterator/concatenating-iterator.js'
import { CoveringTombstones } from '../iterator/covering-tombstones.js'
import type { DeletedStretches } from '../iterator/deleted-stretches.js'
import { MergingIterator } from '../iterator/merging-iterator.js'
import { OpeningIterator } from '../iterator/opening-iterator.js'
import { VisibleIterator } from '../iterator/visible-iterator.js'
import { isBefore, type KeyRange, rangesOverlap } from '../key/key-range.js'
import type { RangeTombstones } from '../key/range-tombstone.js'
import type { MemTable } from '../memtable/memtable.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { TableIteratorOptions } from '../sstable/table-iterator.js'
import type { TableMetadata } from '../version/table-metadata.js'
import type { ReadState } from './read-state.js'

/** How an iterator over a tree reads. */
export interface WalkOptions {
  readonly range: KeyRange
  readonly visibleSequence: number
  /** Milliseconds since 1970. Entries that have expired by then are not visible. */
  readonly nowMs: number
  readonly reverse: boolean
  /**
   * If false, the iterator is `pending` when a block is not in memory. Async-only tables are always
   * awaited.
   */
  readonly mayRead: boolean
}

const reading: TableIteratorOptions = { mayRead: true, fillCache: true, readAheadBytes: 0 }
const waiting: TableIteratorOptions = { ...reading, mayRead: false }

/**
 * Creates the iterators over the memtables and tables of a tree.
 *
 * Owned by: the Tree.
 */
export class TreeWalks {
  private readonly openReading = (table: TableMetadata): InternalIterator =>
    this.open(table, reading)
  private readonly openWaiting = (table: TableMetadata): InternalIterator =>
    this.open(table, waiting)

  constructor(
    private readonly tables: TableCache,
    private readonly stretches: DeletedStretches,
  ) {}

  /**
   * Iterates over the entries that a reader sees in a range. Retains `state` until it is closed.
   */
  walk(state: ReadState, options: WalkOptions): VisibleIterator {
    const { range, visibleSequence, reverse, nowMs } = options
    state.retain()
    try {
      const tombstones = tombstonesInMemory(state, visibleSequence)
      const missing = this.addTombstones(state, range, tombstones)
      const covering =
        tombstones.length === 0 && missing === undefined
          ? CoveringTombstones.none
          : new CoveringTombstones(tombstones)
      const source =
        missing === undefined
          ? this.sourceOf(state, options)
          : new OpeningIterator(() => this.openSource(state, options, missing, covering))
      return new VisibleIterator(
        source,
        covering,
        visibleSequence,
        range,
        reverse,
        nowMs,
        this.stretches,
        state,
      )
    } catch (error) {
      // A table failed to open.
      state.release()
      throw error
    }
  }

  /** Returns the tables whose tombstones must be awaited; undefined if there are none. */
  private addTombstones(
    { version }: ReadState,
    range: KeyRange,
    tombstones: RangeTombstones[],
  ): TableMetadata[] | undefined {
    let missing: TableMetadata[] | undefined
    for (const table of version.rangeDeleteTables) {
      if (!rangesOverlap(table.range, range)) continue
      const reader = this.tables.find(table)
      if (reader !== undefined) tombstones.push(reader.rangeTombstones)
      else if (missing === undefined) missing = [table]
      else missing.push(table)
    }
    return missing
  }

  /** Opens the source when all tombstones are known: until then, no entry can be shown. */
  private async openSource(
    state: ReadState,
    options: WalkOptions,
    missing: readonly TableMetadata[],
    covering: CoveringTombstones,
  ): Promise<InternalIterator> {
    const lists = await Promise.all(
      missing.map((table) => this.tables.read(table, (reader) => reader.rangeTombstones)),
    )
    for (const list of lists) covering.add(list)
    return this.sourceOf(state, options)
  }

  private sourceOf(state: ReadState, options: WalkOptions): InternalIterator {
    const children: InternalIterator[] = []
    try {
      this.addChildren(state, options, children)
    } catch (error) {
      for (const child of children) child.close()
      throw error
    }
    return children.length === 1 ? children[0] : new MergingIterator(children)
  }

  private addChildren(
    { memtable, immutables, version }: ReadState,
    { range, visibleSequence, mayRead }: WalkOptions,
    children: InternalIterator[],
  ): void {
    addEntries(memtable, visibleSequence, children)
    for (const immutable of immutables) addEntries(immutable, visibleSequence, children)
    const open = mayRead ? this.openReading : this.openWaiting
    for (const table of version.levels[0]) {
      if (rangesOverlap(table.range, range)) children.push(open(table))
    }
    for (const run of version.runs) {
      const first = run.firstEndingAfter(range.start)
      const isBehind = first === run.tables.length
      if (isBehind || !isBefore(run.tables[first].range.start, range.end)) continue
      children.push(new ConcatenatingIterator(run.tables, open, first, range.end))
    }
  }

  /** Opens an iterator that keeps the table open. */
  private open(table: TableMetadata, options: TableIteratorOptions): InternalIterator {
    const reader = this.tables.find(table)
    if (reader !== undefined) return reader.iterator(options)
    return new OpeningIterator(() => this.tables.read(table, (opened) => opened.iterator(options)))
  }
}

/** The range tombstones in memtables that a reader may see. */
function tombstonesInMemory(
  { memtable, immutables }: ReadState,
  visibleSequence: number,
): RangeTombstones[] {
  const tombstones: RangeTombstones[] = []
  addTombstonesOf(memtable, visibleSequence, tombstones)
  for (const immutable of immutables) addTombstonesOf(immutable, visibleSequence, tombstones)
  return tombstones
}

function addTombstonesOf(
  memtable: MemTable,
  visibleSequence: number,
  tombstones: RangeTombstones[],
): void {
  if (memtable.rangeDeleteCount === 0 || memtable.minSequence > visibleSequence) return
  tombstones.push(memtable.rangeTombstones())
}

function addEntries(
  memtable: MemTable,
  visibleSequence: number,
  children: InternalIterator[],
): void {
  if (memtable.entryCount === 0 || memtable.minSequence > visibleSequence) return
  children.push(memtable.iterator())
}
