import type { LevelInfo, TableInfo } from '../db/api.js'
import { each, type Metric, type Sample, single } from './metric.js'

/** Every figure of a database, in the order in which exporters give them. */
export const metrics: readonly Metric[] = [
  {
    name: 'varve.operations',
    kind: 'counter',
    unit: '{operation}',
    description: 'Puts, deletes and range deletes committed, keys looked up, walks over ranges',
    read: ({ stats: { operations } }) =>
      each('operation', {
        write: operations.writes,
        get: operations.gets,
        scan: operations.scans,
      }),
  },
  {
    name: 'varve.scan.entries',
    kind: 'counter',
    unit: '{entry}',
    description: 'Entries given by walks that have ended',
    read: ({ stats }) => single(stats.operations.scannedEntries),
  },
  {
    name: 'varve.commits',
    kind: 'counter',
    unit: '{commit}',
    description: 'Groups in which writes were committed',
    read: ({ stats }) => single(stats.operations.commits),
  },
  {
    name: 'varve.user.written',
    kind: 'counter',
    unit: 'By',
    description: 'Keys and values given to put, del and clear',
    read: ({ stats }) => single(stats.bytes.user),
  },
  {
    name: 'varve.disk.written',
    kind: 'counter',
    unit: 'By',
    description: 'Written to files',
    read: ({ stats: { bytes } }) =>
      each('purpose', { log: bytes.log, flush: bytes.flush, compaction: bytes.compaction }),
  },
  {
    name: 'varve.compaction.read',
    kind: 'counter',
    unit: 'By',
    description: 'Read from tables in order to merge them',
    read: ({ stats }) => single(stats.bytes.compactionRead),
  },
  {
    name: 'varve.amplification',
    kind: 'gauge',
    unit: '1',
    description:
      'Bytes written for each byte of the user and blocks looked into for each key, since open; ' +
      'bytes of all tables for each byte in the oldest run',
    read: ({ stats: { amplification } }) => each('kind', { ...amplification }),
  },
  {
    name: 'varve.cache.lookups',
    kind: 'counter',
    unit: '{lookup}',
    description: 'Blocks asked of the block cache',
    read: ({ stats: { cache } }) => each('result', { hit: cache.hits, miss: cache.misses }),
  },
  {
    name: 'varve.cache.capacity',
    kind: 'gauge',
    unit: 'By',
    description: 'Bound of the block cache',
    read: ({ stats }) => single(stats.cache.capacityBytes),
  },
  {
    name: 'varve.filter.probes',
    kind: 'counter',
    unit: '{probe}',
    description: 'Keys asked of the filters of tables',
    read: ({ stats }) => single(stats.filters.probes),
  },
  {
    name: 'varve.filter.useful',
    kind: 'counter',
    unit: '{probe}',
    description: 'Probes that spared a look into the table',
    read: ({ stats }) => single(stats.filters.useful),
  },
  {
    name: 'varve.filter.false_positives',
    kind: 'counter',
    unit: '{probe}',
    description: 'Probes that sent for a key which the table does not have',
    read: ({ stats }) => single(stats.filters.falsePositives),
  },
  {
    name: 'varve.memory.usage',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Memory in use',
    read: ({ stats: { memory } }) =>
      each('part', {
        memtables: memory.memtables,
        cache: memory.cache,
        tables: memory.tables,
        commit_buffers: memory.commitBuffers,
      }),
  },
  {
    name: 'varve.flushes',
    kind: 'counter',
    unit: '{flush}',
    description: 'Memtables written to tables',
    read: ({ stats }) => single(stats.flushes.count),
  },
  {
    name: 'varve.flush.duration',
    kind: 'counter',
    unit: 's',
    description: 'Time spent on flushes',
    read: ({ stats }) => single(stats.flushes.timeMs / 1000),
  },
  {
    name: 'varve.compactions',
    kind: 'counter',
    unit: '{compaction}',
    description: 'Compactions: merges, moves of tables to another level, drops of whole tables',
    read: ({ stats: { compactions } }) =>
      each('kind', {
        merge: compactions.count,
        move: compactions.moves,
        drop: compactions.drops,
      }),
  },
  {
    name: 'varve.compaction.duration',
    kind: 'counter',
    unit: 's',
    description: 'Time spent on compactions, all threads together',
    read: ({ stats }) => single(stats.compactions.timeMs / 1000),
  },
  {
    name: 'varve.compaction.running',
    kind: 'gauge',
    unit: '{compaction}',
    description: 'Compactions under way',
    read: ({ stats }) => single(stats.compactions.running),
  },
  {
    name: 'varve.compaction.paused',
    kind: 'gauge',
    unit: '{state}',
    description: '1 while compactions are paused by hand',
    read: ({ stats }) => single(Number(stats.compactions.paused)),
  },
  {
    name: 'varve.compaction.debt',
    kind: 'gauge',
    unit: 'By',
    description: 'To be rewritten until no level asks for compaction any more',
    read: ({ stats }) => single(stats.compactions.debtBytes),
  },
  {
    name: 'varve.stalls',
    kind: 'counter',
    unit: '{stall}',
    description: 'Times that writes were held back',
    read: ({ stats: { stalls } }) =>
      each('cause', {
        memtables: stalls.byCause.memtables.count,
        level0: stalls.byCause.level0.count,
        debt: stalls.byCause.debt.count,
      }),
  },
  {
    name: 'varve.stall.duration',
    kind: 'counter',
    unit: 's',
    description: 'Time for which writes were held back',
    read: ({ stats: { stalls } }) =>
      each('cause', {
        memtables: stalls.byCause.memtables.timeMs / 1000,
        level0: stalls.byCause.level0.timeMs / 1000,
        debt: stalls.byCause.debt.timeMs / 1000,
      }),
  },
  {
    name: 'varve.background.errors',
    kind: 'counter',
    unit: '{error}',
    description: 'Flushes and compactions that failed, each try counted',
    read: ({ stats }) => single(stats.backgroundErrors),
  },
  {
    name: 'varve.background.halted',
    kind: 'gauge',
    unit: '{state}',
    description:
      '1 while there are none: given up, or no room on the disk. Writes fail before long',
    read: ({ stats: { flushes, compactions } }) =>
      each('job', {
        flush: Number(flushes.failure !== undefined),
        compaction: Number(compactions.failure !== undefined),
      }),
  },
  {
    name: 'varve.recovery.records',
    kind: 'gauge',
    unit: '{record}',
    description: 'Records of logs that open replayed',
    read: ({ stats }) => single(stats.recovery.replayedRecords),
  },
  {
    name: 'varve.recovery.torn_tails',
    kind: 'gauge',
    unit: '{tail}',
    description: 'Torn ends of logs that open found and dropped',
    read: ({ stats }) => single(stats.recovery.tornTails),
  },
  {
    name: 'varve.recovery.dropped',
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes in torn ends of logs',
    read: ({ stats }) => single(stats.recovery.droppedBytes),
  },
  {
    name: 'varve.sequence',
    kind: 'gauge',
    unit: '{write}',
    description: 'Writes since the database was created',
    read: ({ stats }) => single(stats.sequence),
  },
  {
    name: 'varve.tables.open',
    kind: 'gauge',
    unit: '{table}',
    description: 'Table files held open',
    read: ({ stats }) => single(stats.tables.open),
  },
  {
    name: 'varve.snapshots',
    kind: 'gauge',
    unit: '{snapshot}',
    description: 'Open snapshots; the versions they see are kept on disk',
    read: ({ stats }) => single(stats.snapshots),
  },
  {
    name: 'varve.iterators',
    kind: 'gauge',
    unit: '{iterator}',
    description: 'Walks and cursors in use: the memtables and files that they read are kept',
    read: ({ stats }) => single(stats.iterators),
  },
  {
    name: 'varve.level.size',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Tables of the level',
    read: ({ levels }) => eachLevel(levels, ({ sizeBytes }) => sizeBytes),
  },
  {
    name: 'varve.level.tables',
    kind: 'upDownCounter',
    unit: '{table}',
    description: 'Tables of the level',
    read: ({ levels }) => eachLevel(levels, ({ tables }) => tables.length),
  },
  {
    name: 'varve.level.runs',
    kind: 'upDownCounter',
    unit: '{run}',
    description: 'Sorted runs of the level: places in which a read may have to look',
    read: ({ levels }) => eachLevel(levels, ({ runs }) => runs),
  },
  {
    name: 'varve.level.entries',
    kind: 'upDownCounter',
    unit: '{entry}',
    description: 'Entries of the level, overwritten ones and deletes included',
    read: ({ levels }) =>
      eachLevel(
        levels,
        sumOf(({ entryCount }) => entryCount),
      ),
  },
  {
    name: 'varve.level.deletes',
    kind: 'upDownCounter',
    unit: '{entry}',
    description: 'Deletes and range deletes of the level',
    read: ({ levels }) =>
      eachLevel(
        levels,
        sumOf(({ deleteCount, rangeDeleteCount }) => deleteCount + rangeDeleteCount),
      ),
  },
  {
    name: 'varve.level.score',
    kind: 'gauge',
    unit: '1',
    description: 'How full the level is; from 1 on it asks for a compaction',
    read: ({ levels }) => eachLevel(levels, ({ score }) => score),
  },
]

function eachLevel(levels: readonly LevelInfo[], read: (level: LevelInfo) => number): Sample[] {
  return levels.map((level) => ({
    value: read(level),
    attributes: { level: String(level.level) },
  }))
}

function sumOf(read: (table: TableInfo) => number): (level: LevelInfo) => number {
  return ({ tables }) => tables.reduce((sum, table) => sum + read(table), 0)
}
