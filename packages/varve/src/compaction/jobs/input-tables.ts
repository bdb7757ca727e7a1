import { BlockCache } from '../../cache/block-cache.js'
import { intersectRange, type KeyRange } from '../../key/key-range.js'
import { type RangeTombstone, RangeTombstones } from '../../key/range-tombstone.js'
import type { CodecRegistry } from '../../sstable/block/codec.js'
import { newTableCounters, TableReader, type TableReadContext } from '../../sstable/table-reader.js'
import type { TableStore } from '../../store/table-store.js'
import type { TableMetadata, WrittenTable } from '../../version/table-metadata.js'

/** Where the tables are and how to read them. */
interface TableSite {
  readonly store: TableStore
  readonly codecs: CodecRegistry
}

/**
 * The tables that a job reads, bypassing the caches of the database.
 *
 * Owned by: one job. Keeps no table open: the caller closes each table that it opens.
 */
export class InputTables {
  private readonly context: TableReadContext

  constructor(private readonly site: TableSite) {
    this.context = {
      cache: new BlockCache(0),
      codecs: site.codecs,
      counters: newTableCounters(),
    }
  }

  /** Stored bytes of the data blocks that were read. */
  get readBytes(): number {
    return this.context.counters.bytesRead
  }

  /** The range tombstones, cut at the bounds of the range. */
  rangeTombstones(tables: readonly TableMetadata[], range: KeyRange): RangeTombstones {
    const all: RangeTombstone[] = []
    for (const table of tables) {
      if (table.rangeDeleteCount === 0) continue
      const reader = this.open(table)
      for (const tombstone of reader.rangeTombstones.tombstones) {
        const part = intersectRange(tombstone, range)
        if (part !== undefined) all.push({ ...part, sequence: tombstone.sequence })
      }
      reader.close()
    }
    return RangeTombstones.from(all)
  }

  verify(tables: readonly WrittenTable[]): void {
    for (const table of tables) {
      const reader = this.open(table)
      try {
        reader.verify()
      } finally {
        reader.close()
      }
    }
  }

  open(table: WrittenTable): TableReader {
    const file = this.site.store.open(table.fileNumber)
    try {
      return TableReader.open(file, table.fileNumber, this.context, table)
    } catch (error) {
      file.close()
      throw error
    }
  }
}
