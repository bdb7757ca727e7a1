import { assert } from '../base/assert.js'
import type { TableStore } from '../store/table-store.js'
import type { TableReadContext } from './block-source.js'
import type { TableSummary } from './format/properties.js'
import { TableReader } from './table-reader.js'

/** A table as the MANIFEST describes it. Its file is checked against this when it is opened. */
export interface KnownTable extends TableSummary {
  readonly fileNumber: number
}

/**
 * The open tables, by file number. Opens them on demand and closes the least recently used one when
 * there are too many.
 *
 * Owned by: the Database. Lives: as long as it.
 * Invariants:
 * 1. At most `maxOpenTables` are open, more only while pins keep them.
 * 2. A pinned table is not closed before its last pin goes, even when it is evicted.
 */
export class TableCache {
  /** Filters, indexes and tombstones of the open tables. */
  memoryBytes = 0
  private readonly readers = new Map<number, TableReader>()
  private useCount = 0

  constructor(
    private readonly store: TableStore,
    private readonly context: TableReadContext,
    private readonly maxOpenTables: number,
  ) {
    assert(maxOpenTables >= 1, 'a table cache holds at least one table')
  }

  get openTables(): number {
    return this.readers.size
  }

  /**
   * The table, opened if need be. Valid until the next call, which may close it to open another one.
   *
   * @throws CORRUPTION when the file does not match what is known of the table; IO
   */
  get(table: KnownTable): TableReader {
    const reader = this.readers.get(table.fileNumber) ?? this.open(table)
    reader.lastUse = ++this.useCount
    return reader
  }

  /** The table, kept open until `unpin`. */
  pin(table: KnownTable): TableReader {
    const reader = this.get(table)
    reader.pin()
    return reader
  }

  unpin(reader: TableReader): void {
    reader.unpin()
  }

  /** Forgets a table, because its file is obsolete or because there are too many. */
  evict(fileNumber: number): void {
    const reader = this.readers.get(fileNumber)
    if (reader === undefined) return
    this.readers.delete(fileNumber)
    this.memoryBytes -= reader.memoryBytes
    reader.close()
  }

  close(): void {
    for (const fileNumber of [...this.readers.keys()]) this.evict(fileNumber)
  }

  private open(table: KnownTable): TableReader {
    const { fileNumber } = table
    if (this.readers.size >= this.maxOpenTables) this.makeRoom()
    const file = this.store.open(fileNumber)
    let reader: TableReader
    try {
      reader = TableReader.open(file, fileNumber, this.context, table)
    } catch (error) {
      file.close()
      throw error
    }
    this.readers.set(fileNumber, reader)
    this.memoryBytes += reader.memoryBytes
    return reader
  }

  /** Runs through all tables, but only when a file has to be opened, which costs more. */
  private makeRoom(): void {
    let oldest: TableReader | undefined
    for (const reader of this.readers.values()) {
      if (reader.isPinned) continue
      if (oldest === undefined || reader.lastUse < oldest.lastUse) oldest = reader
    }
    if (oldest === undefined) return
    this.evict(oldest.fileNumber)
    if (this.readers.size >= this.maxOpenTables) this.makeRoom()
  }
}
