import { BlockCache } from '../../cache/block-cache.js'
import { ConcatenatingIterator } from '../../iterator/concatenating-iterator.js'
import type { InternalIterator } from '../../entry/internal-iterator.js'
import { type RangeTombstone, RangeTombstones } from '../../key/range-tombstone.js'
import { newTableCounters, TableReader, type TableReadContext } from '../../sstable/table-reader.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import { type Levels, sortedRuns } from '../../version/version.js'
import type { Site } from './tool-options.js'

const readAheadBytes = 256 * 1024

/** Tables with disjoint ranges, in order: one place where a read looks. */
export type Run = readonly TableMetadata[]

/** The places in which a read looks, newest first. */
export function runsOf([level0, ...deeper]: Levels): Run[] {
  const runs = deeper.flatMap((tables, i) => sortedRuns(i + 1, tables))
  return [...level0.map((table) => [table]), ...runs.map(({ tables }) => tables)]
}

/**
 * Reads whole runs, in large pieces. Requires: their tables are sound.
 *
 * Owned by: one tool. Lives: as long as it; holds nothing between calls.
 */
export class TableRuns {
  private readonly context: TableReadContext

  constructor(private readonly site: Site) {
    const { codecs } = site
    this.context = { cache: new BlockCache(0), codecs, counters: newTableCounters() }
  }

  /** All entries of a run; must be closed. */
  iterate(run: Run): InternalIterator {
    return new ConcatenatingIterator(run, (table) => {
      const reader = this.open(table)
      const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes })
      // The iterator keeps the file open, and no longer than it lives.
      reader.close()
      return iterator
    })
  }

  rangeTombstones(run: Run): RangeTombstones {
    const all: RangeTombstone[] = []
    for (const table of run) {
      if (table.rangeDeleteCount === 0) continue
      const reader = this.open(table)
      for (const tombstone of reader.rangeTombstones.tombstones) all.push(tombstone)
      reader.close()
    }
    return RangeTombstones.from(all)
  }

  private open(table: TableMetadata): TableReader {
    const file = this.site.store.open(table.fileNumber)
    try {
      return TableReader.open(file, table.fileNumber, this.context, table)
    } catch (error) {
      file.close()
      throw error
    }
  }
}
