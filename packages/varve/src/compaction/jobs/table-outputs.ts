import { compareRanges, emptyBytes } from '../../base/bytes/bytes.js'
import { type InputEntry, keyOf } from '../../entry/job-input.js'
import { compareEnds, intersectRange, isBefore, type KeyRange } from '../../key/key-range.js'
import { compareRangeTombstones, type RangeTombstone } from '../../key/range-tombstone.js'
import type { OutputRoom } from '../../sstable/block/append-buffer.js'
import { type TableOptions, TableWriter } from '../../sstable/table-writer.js'
import type { TableStore } from '../../store/table-store.js'
import type { WrittenTable } from '../../version/table-metadata.js'
import { maxGrandparentTables } from '../pickers/compaction-spec.js'

export interface OutputOptions {
  readonly table: TableOptions
  /** Size at which a table is finished. The next one begins with a different user key. */
  readonly tableBytes: number
  /** Lower bound of all sequences written. */
  readonly baseSequence: number
  /** Numbers reserved for this job. The table with the last number takes all remaining entries. */
  readonly firstFileNumber: number
  readonly fileNumberCount: number
  /**
   * The tables two levels down, in order. An output that spans too many of them is finished early.
   */
  readonly grandparents: readonly { readonly range: KeyRange; readonly sizeBytes: number }[]
}

/**
 * The tables that a job writes: split by size, all versions of a user key in one table, and the
 * range tombstones cut at the borders between them.
 *
 *     tombstones     c───────────────────p
 *     tables      [a … f)  [f … m)  [m … z)
 *     written to    c──f     f──m     m─p
 *
 * Tables are written under temporary names; `publish` renames them.
 *
 * Owned by: one job, which calls `publish` or `abandon` at its end.
 */
export class TableOutputs {
  /** Bytes of the tables finished so far. */
  writtenBytes = 0

  private writer: TableWriter | undefined
  private readonly finished: WrittenTable[] = []
  /** Where the current table begins: the end of the previous one. */
  private lowerBound: Uint8Array = emptyBytes
  private grandparentIndex = 0
  private grandparentBytes = 0
  private nextTombstone = 0
  /** Tombstones that continue past the end of the last finished table. */
  private crossing: readonly RangeTombstone[] = []

  constructor(
    private readonly store: TableStore,
    private readonly options: OutputOptions,
    /** Ordered by start, then newest first. */
    private readonly tombstones: readonly RangeTombstone[],
    /** The memory in which the tables are built, one at a time. */
    private readonly room: OutputRoom,
  ) {}

  /** Bytes written, including those of the unfinished table. */
  get progressBytes(): number {
    return this.writtenBytes + (this.writer?.sizeBytes ?? 0)
  }

  /** Adds a copy of the entry; `coveredAt` as in `TableWriter.add`. */
  add(entry: InputEntry, coveredAt = 0): void {
    if (entry.isNewKey && this.writer !== undefined && this.isFull(entry)) {
      const border = keyOf(entry)
      this.finishTable(border)
      this.lowerBound = border
    }
    this.writer ??= this.startTable()
    this.writer.add(entry, coveredAt)
  }

  /** Finishes the last table, then durably renames all tables. */
  publish(): WrittenTable[] {
    this.finishTable(null)
    this.store.publish(this.finished.map(({ fileNumber }) => fileNumber))
    return this.finished
  }

  /** Removes all files of the job. Never throws, because the job's own error matters more. */
  abandon(): void {
    const fileNumbers = this.finished.map(({ fileNumber }) => fileNumber)
    if (this.writer !== undefined) {
      this.writer.abandon()
      fileNumbers.push(this.nextFileNumber)
    }
    this.store.discard(fileNumbers)
  }

  private isFull(entry: InputEntry): boolean {
    const { options, finished } = this
    if (finished.length + 1 >= options.fileNumberCount) return false
    this.passGrandparents(entry)
    return (
      this.writer!.sizeBytes >= options.tableBytes ||
      this.grandparentBytes > maxGrandparentTables * options.tableBytes
    )
  }

  private passGrandparents({ memory, keyStart, keyEnd }: InputEntry): void {
    const { grandparents } = this.options
    while (this.grandparentIndex < grandparents.length) {
      const { range, sizeBytes } = grandparents[this.grandparentIndex]
      const { end } = range
      if (end === null) return
      if (compareRanges(memory.bytes, keyStart, keyEnd, end, 0, end.length) < 0) return
      this.grandparentBytes += sizeBytes
      this.grandparentIndex++
    }
  }

  private startTable(): TableWriter {
    const { table, baseSequence } = this.options
    return new TableWriter(this.store.create(this.nextFileNumber), table, baseSequence, this.room)
  }

  /** Ends the table at `upperBound`; null means with all remaining entries. */
  private finishTable(upperBound: Uint8Array | null): void {
    const tombstones = this.takeTombstones({ start: this.lowerBound, end: upperBound })
    if (tombstones.length > 0) this.writer ??= this.startTable()
    const { writer } = this
    if (writer === undefined) return
    for (const { start, end, sequence } of tombstones) {
      writer.addRangeTombstone(start, end, sequence)
    }
    const fileNumber = this.nextFileNumber
    const summary = writer.finish()
    this.writer = undefined
    this.finished.push({ fileNumber, ...summary })
    this.writtenBytes += summary.sizeBytes
    this.grandparentBytes = 0
  }

  /**
   * The parts of the tombstones inside `range`. Requires: each range starts where the previous one
   * ended.
   */
  private takeTombstones(range: KeyRange): RangeTombstone[] {
    const { tombstones } = this
    const taken = [...this.crossing]
    while (this.nextTombstone < tombstones.length) {
      const tombstone = tombstones[this.nextTombstone]
      if (!isBefore(tombstone.start, range.end)) break
      taken.push(tombstone)
      this.nextTombstone++
    }
    this.crossing = taken.filter(({ end }) => compareEnds(end, range.end) > 0)
    return taken
      .map((tombstone) => ({ ...intersectRange(tombstone, range)!, sequence: tombstone.sequence }))
      .sort(compareRangeTombstones)
  }

  /** The number of the current table or, if there is none, the next one. */
  private get nextFileNumber(): number {
    return this.options.firstFileNumber + this.finished.length
  }
}
