import type { LevelInfo, TableInfo } from '../db/api.js'
import { keyspaceMetrics } from './keyspace-metrics.js'
import { each, type Metric, type Sample, single } from './metric.js'

/** Every figure of a database, in the order in which exporters list them. */
export const metrics: readonly Metric[] = [
  {
    name: 'varve.operations',
    kind: 'counter',
    unit: '{operation}',
    description: 'Committed puts, deletes and range deletes; keys looked up; range scans started',
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
    description: 'Entries returned by range scans that have ended',
    read: ({ stats }) => single(stats.operations.scannedEntries),
  },
  {
    name: 'varve.commits',
    kind: 'counter',
    unit: '{commit}',
    description: 'Commits; one commit may hold the writes of several callers',
    read: ({ stats }) => single(stats.operations.commits),
  },
  {
    name: 'varve.user.written',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of keys and values passed to put, del and clear',
    read: ({ stats }) => single(stats.bytes.user),
  },
  {
    name: 'varve.disk.written',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes written to files',
    read: ({ stats: { bytes } }) =>
      each('purpose', { log: bytes.log, flush: bytes.flush, compaction: bytes.compaction }),
  },
  {
    name: 'varve.compaction.read',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes that compactions read from tables',
    read: ({ stats }) => single(stats.bytes.compactionRead),
  },
  {
    name: 'varve.amplification',
    kind: 'gauge',
    unit: '1',
    description:
      'Since open: bytes written per byte passed in, and blocks searched per key. ' +
      'Now: bytes of all tables per byte of the oldest run',
    read: ({ stats: { amplification } }) => each('kind', { ...amplification }),
  },
  {
    name: 'varve.cache.lookups',
    kind: 'counter',
    unit: '{lookup}',
    description: 'Lookups of blocks in the block cache',
    read: ({ stats: { cache } }) => each('result', { hit: cache.hits, miss: cache.misses }),
  },
  {
    name: 'varve.cache.capacity',
    kind: 'gauge',
    unit: 'By',
    description: 'Maximum size of the block cache',
    read: ({ stats }) => single(stats.cache.capacityBytes),
  },
  {
    name: 'varve.filter.probes',
    kind: 'counter',
    unit: '{probe}',
    description: 'Keys checked against the filters of tables',
    read: ({ stats }) => single(stats.filters.probes),
  },
  {
    name: 'varve.filter.useful',
    kind: 'counter',
    unit: '{probe}',
    description: 'Probes that avoided a search of the table',
    read: ({ stats }) => single(stats.filters.useful),
  },
  {
    name: 'varve.filter.false_positives',
    kind: 'counter',
    unit: '{probe}',
    description: 'Probes that passed although the table does not have the key',
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
        threads: memory.threads,
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
    description:
      'Compactions finished: merges, moves of tables to another level, drops of whole tables',
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
    description: 'Time spent on compactions, summed over all threads',
    read: ({ stats }) => single(stats.compactions.timeMs / 1000),
  },
  {
    name: 'varve.compaction.running',
    kind: 'gauge',
    unit: '{compaction}',
    description: 'Compactions that are running',
    read: ({ stats }) => single(stats.compactions.running),
  },
  {
    name: 'varve.compaction.paused',
    kind: 'gauge',
    unit: '{state}',
    description: '1 while pauseCompaction is in force',
    read: ({ stats }) => single(Number(stats.compactions.paused)),
  },
  {
    name: 'varve.compaction.debt',
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes that compactions must rewrite until no level is over its limit',
    read: ({ stats }) => single(stats.compactions.debtBytes),
  },
  {
    name: 'varve.stalls',
    kind: 'counter',
    unit: '{stall}',
    description: 'Number of times that writes were slowed down or stopped',
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
    description: 'Time for which writes were slowed down or stopped',
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
    description: 'Failed attempts at flushes and compactions',
    read: ({ stats }) => single(stats.backgroundErrors),
  },
  {
    name: 'varve.background.halted',
    kind: 'gauge',
    unit: '{state}',
    description: '1 while repeated failures or a full disk stop these jobs; writes will soon fail',
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
    description: 'Log records replayed at open',
    read: ({ stats }) => single(stats.recovery.replayedRecords),
  },
  {
    name: 'varve.recovery.torn_tails',
    kind: 'gauge',
    unit: '{tail}',
    description: 'Torn log tails dropped at open',
    read: ({ stats }) => single(stats.recovery.tornTails),
  },
  {
    name: 'varve.recovery.dropped',
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes of torn log tails dropped at open',
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
    description: 'Open snapshots, which keep the versions that they see on disk',
    read: ({ stats }) => single(stats.snapshots),
  },
  {
    name: 'varve.iterators',
    kind: 'gauge',
    unit: '{iterator}',
    description: 'Open iterators and cursors, which keep the memtables and files that they read',
    read: ({ stats }) => single(stats.iterators),
  },
  {
    name: 'varve.transactions',
    kind: 'counter',
    unit: '{transaction}',
    description: 'Transactions that were committed with writes, or refused because of a conflict',
    read: ({ stats: { transactions } }) =>
      each('result', { commit: transactions.commits, conflict: transactions.conflicts }),
  },
  {
    name: 'varve.transactions.open',
    kind: 'gauge',
    unit: '{transaction}',
    description: 'Open transactions, which keep the versions that they see on disk',
    read: ({ stats }) => single(stats.transactions.open),
  },
  {
    name: 'varve.transactions.memory',
    kind: 'gauge',
    unit: 'By',
    description: 'Memory of open transactions and of the writes that they may conflict with',
    read: ({ stats }) => single(stats.transactions.memoryBytes),
  },
  {
    name: 'varve.keyspaces',
    kind: 'gauge',
    unit: '{keyspace}',
    description: 'Keyspaces, with the default one',
    read: ({ stats }) => single(stats.keyspaces),
  },
  ...keyspaceMetrics,
  {
    name: 'varve.level.size',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Bytes of the tables of the level',
    read: ({ levels }) => eachLevel(levels, ({ sizeBytes }) => sizeBytes),
  },
  {
    name: 'varve.level.tables',
    kind: 'upDownCounter',
    unit: '{table}',
    description: 'Number of tables of the level',
    read: ({ levels }) => eachLevel(levels, ({ tables }) => tables.length),
  },
  {
    name: 'varve.level.runs',
    kind: 'upDownCounter',
    unit: '{run}',
    description: 'Sorted runs of the level; a read may have to search each of them',
    read: ({ levels }) => eachLevel(levels, ({ runs }) => runs),
  },
  {
    name: 'varve.level.entries',
    kind: 'upDownCounter',
    unit: '{entry}',
    description: 'Entries of the level, including overwritten ones and deletes',
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
    description: 'Size of the level relative to its limit; at 1 or more, a compaction is due',
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
