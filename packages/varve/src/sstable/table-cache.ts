import { assert } from '../base/assert.js'
import { closedError } from '../base/errors.js'
import type { Hold, MissingPiece } from '../entry/missing-piece.js'
import { asyncOnlyError, type TableFile, type TableStore } from '../store/table-store.js'
import type { TableReadContext } from './block-source.js'
import type { TableSummary } from './format/properties.js'
import { TableReader } from './table-reader.js'

/** A table as the MANIFEST describes it. Its file is checked against this when it is opened. */
export interface KnownTable extends TableSummary {
  readonly fileNumber: number
}

interface TableCacheLimits {
  readonly maxTables: number
  /** Of `memoryBytes`. */
  readonly maxBytes: number
}

/** A table that is being opened asynchronously. */
class Opening {
  /** Reads that are waiting for it. */
  waiting = 0
  /** Set if the table has become obsolete meanwhile. */
  isUnwanted = false
  readonly reader: Promise<TableReader>

  constructor(begin: (opening: Opening) => Promise<TableReader>) {
    this.reader = begin(this)
  }
}

/**
 * The open tables, by file number. Opens them on demand, and closes the least recently used one to
 * keep within the limits.
 *
 * Owned by: the Database. Lives: as long as the Database.
 * Invariants:
 * 1. At most `maxTables` are open, and they take at most `maxBytes`, or one table is open; more
 *   only
 *    while they are pinned.
 * 2. A pinned table stays open until its last pin is released, even when it is evicted.
 * 3. Reads that wait for the same table share one opening.
 */
export class TableCache {
  /** Filters, indexes and tombstones of the open tables. */
  memoryBytes = 0
  private readonly readers = new Map<number, TableReader>()
  private readonly openings = new Map<number, Opening>()
  private useCount = 0
  private isClosed = false

  constructor(
    private readonly store: TableStore,
    private readonly context: TableReadContext,
    private readonly limits: TableCacheLimits,
  ) {
    assert(limits.maxTables >= 1, 'a table cache holds at least one table')
  }

  get openTables(): number {
    return this.readers.size
  }

  /**
   * The table, opened if necessary. Undefined if it must be opened asynchronously; see `missing`
   * and `pinAsync`. Valid until the next call, which may close it to open another one.
   *
   * @throws CORRUPTION if the file does not match what is known about the table; IO
   */
  find(table: KnownTable): TableReader | undefined {
    const reader = this.readers.get(table.fileNumber) ?? this.openNow(table)
    if (reader !== undefined) reader.lastUse = ++this.useCount
    return reader
  }

  /** Like `find`, for calls that cannot wait. Throws UNSUPPORTED for a table that is async-only. */
  get(table: KnownTable): TableReader {
    const reader = this.find(table)
    if (reader !== undefined) return reader
    const { fileNumber } = table
    throw asyncOnlyError(this.store.nameOf(fileNumber), 'this operation needs local tables')
  }

  /** The table as a piece that a read waits for. Requires: `find` has returned undefined. */
  missing(table: KnownTable): MissingPiece {
    const load = async (): Promise<Hold> => {
      const reader = await this.pinAsync(table)
      return { release: () => reader.unpin() }
    }
    return { path: this.store.nameOf(table.fileNumber), isAsyncOnly: true, load }
  }

  /** The table, kept open until `unpin`. */
  pin(table: KnownTable): TableReader {
    const reader = this.get(table)
    reader.pin()
    return reader
  }

  /**
   * Like `pin`, but waits for a table that is async-only. Rejects with CORRUPTION, IO, or CLOSED if
   * the cache is closed first; the next call retries.
   */
  async pinAsync(table: KnownTable): Promise<TableReader> {
    const reader = this.find(table)
    if (reader === undefined) return this.openAsync(table)
    reader.pin()
    return reader
  }

  /**
   * Opens a table, asynchronously if necessary, and calls `use` to read its parts that are in
   * memory.
   */
  async read<T>(table: KnownTable, use: (reader: TableReader) => T): Promise<T> {
    const reader = await this.pinAsync(table)
    try {
      return use(reader)
    } finally {
      reader.unpin()
    }
  }

  unpin(reader: TableReader): void {
    reader.unpin()
  }

  /** Removes a table, because its file is obsolete or because too many are open. */
  evict(fileNumber: number): void {
    const opening = this.openings.get(fileNumber)
    if (opening !== undefined) opening.isUnwanted = true
    const reader = this.readers.get(fileNumber)
    if (reader === undefined) return
    this.readers.delete(fileNumber)
    this.memoryBytes -= reader.memoryBytes
    reader.close()
  }

  close(): void {
    this.isClosed = true
    for (const fileNumber of [...this.readers.keys()]) this.evict(fileNumber)
  }

  private openNow(table: KnownTable): TableReader | undefined {
    const { fileNumber } = table
    if (!this.store.canOpenNow(fileNumber)) return undefined
    // Before the file is opened, so that the limit of open files holds.
    if (this.readers.size >= this.limits.maxTables) this.evictOldest()
    const file = this.store.open(fileNumber)
    let reader: TableReader
    try {
      reader = TableReader.open(file, fileNumber, this.context, table)
    } catch (error) {
      file.close()
      throw error
    }
    this.add(reader)
    return reader
  }

  private openAsync(table: KnownTable): Promise<TableReader> {
    const { fileNumber } = table
    let opening = this.openings.get(fileNumber)
    if (opening === undefined) {
      opening = new Opening((self) => this.finish(table, self))
      this.openings.set(fileNumber, opening)
    }
    opening.waiting++
    return opening.reader
  }

  /** Opens a table and pins it once for each read that waits. */
  private async finish(table: KnownTable, opening: Opening): Promise<TableReader> {
    const { fileNumber } = table
    try {
      const opened = await this.readTable(await this.store.openAsync(fileNumber), table)
      if (this.isClosed) {
        opened.close()
        throw closedError('the database')
      }
      // The store may have got the table meanwhile, and another read may have opened it there.
      const reader = this.readers.get(fileNumber) ?? opened
      for (; opening.waiting > 0; opening.waiting--) reader.pin()
      if (reader !== opened || opening.isUnwanted) opened.close()
      else {
        this.add(opened)
      }
      return reader
    } finally {
      this.openings.delete(fileNumber)
    }
  }

  private async readTable(file: TableFile, table: KnownTable): Promise<TableReader> {
    try {
      return await TableReader.openAsync(file, table.fileNumber, this.context, table)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private add(reader: TableReader): void {
    this.readers.set(reader.fileNumber, reader)
    this.memoryBytes += reader.memoryBytes
    reader.lastUse = ++this.useCount
    while (this.isOverLimit() && this.evictOldest(reader)) continue
  }

  private isOverLimit(): boolean {
    const { maxTables, maxBytes } = this.limits
    return this.readers.size > maxTables || this.memoryBytes > maxBytes
  }

  /**
   * Searches all tables, but only when a file must be opened, which costs more. Returns false if
   * all tables except `kept` are pinned.
   */
  private evictOldest(kept?: TableReader): boolean {
    let oldest: TableReader | undefined
    for (const reader of this.readers.values()) {
      if (reader.isPinned || reader === kept) continue
      if (oldest === undefined || reader.lastUse < oldest.lastUse) oldest = reader
    }
    if (oldest !== undefined) this.evict(oldest.fileNumber)
    return oldest !== undefined
  }
}
