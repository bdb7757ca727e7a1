import { levelStates } from '../../compaction/pickers/compaction-scores.js'
import { levelCount } from '../../version/version.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import type { LevelInfo, MemTableInfo, Stats, TableInfo } from '../api.js'
import {
  allTableBytes,
  spaceAmplification,
  writeAmplification,
} from '../background/amplification.js'
import type { Tree } from '../../tree/tree.js'
import type { ReadCounts } from '../read/read-core.js'
import type { DatabaseParts } from './database-parts.js'
import { noStalls, type StallsByCause } from '../write/write-stalls.js'

/** The current figures. Takes a few microseconds. */
export function collectStats(parts: DatabaseParts): Stats {
  const { current, tables, cache, core, work, tableCounters, writer } = parts
  const { snapshots, lastSequence, trees, arenas } = current.state
  const tree = trees.main
  const all = [...trees]
  const sum = (of: (tree: Tree) => number): number => all.reduce((total, one) => total + of(one), 0)
  const { gets, scans, scannedEntries } = allCounts(parts)
  const blocks = trees.removedBlocksTouched + sum(({ blocksTouched }) => blocksTouched)
  const user = writer?.pipeline.userBytes ?? 0
  const log = writer?.log.appendedBytes ?? 0
  const flush = work.flushedBytes
  const compaction = work.compactedBytes
  const memory = {
    memtables: arenas.memoryBytes + sum(({ memoryBytes }) => memoryBytes),
    cache: cache.usedBytes,
    tables: tables.memoryBytes,
    commitBuffers: writer?.pipeline.bufferBytes ?? 0,
    threads: writer?.scheduler.executorBytes ?? 0,
  }
  return {
    sequence: writer?.pipeline.visibleSequence ?? lastSequence,
    bytes: { user, log, flush, compaction, compactionRead: work.compactionReadBytes },
    amplification: {
      write: writeAmplification(user, log + flush + compaction),
      read: gets === 0 ? 0 : blocks / gets,
      space: spaceAmplification(all.map(({ state }) => state.version)),
    },
    operations: {
      writes: writer?.pipeline.operations ?? 0,
      commits: writer?.pipeline.commits ?? 0,
      gets,
      scans,
      scannedEntries,
    },
    cache: {
      hits: cache.hits,
      misses: cache.misses,
      usedBytes: cache.usedBytes,
      capacityBytes: parts.options.cacheBytes,
    },
    filters: {
      probes: tableCounters.filterProbes,
      useful: tableCounters.filterUseful,
      falsePositives: tableCounters.filterFalsePositives,
    },
    memory: { ...memory, total: Object.values(memory).reduce((total, bytes) => total + bytes, 0) },
    transactions: {
      open: writer?.pipeline.conflicts.openTransactions ?? 0,
      commits: writer?.pipeline.conflicts.commits ?? 0,
      conflicts: writer?.pipeline.conflicts.refusals ?? 0,
      memoryBytes: writer?.pipeline.conflicts.memoryBytes ?? 0,
    },
    stalls: stallStats(writer?.stalls.byCause),
    flushes: {
      count: work.flushes,
      timeMs: work.flushMs,
      failure: writer?.scheduler.flushFailure?.message,
    },
    compactions: {
      policy: tree.compaction.current.policy,
      adaptive: writer?.policies.main.isAdaptive ?? false,
      policyChanges: [...(writer?.policies.main.changes ?? [])],
      count: work.compactions,
      moves: work.moves,
      drops: work.drops,
      timeMs: work.compactionMs,
      running: writer?.scheduler.runningMerges ?? 0,
      paused: writer?.scheduler.mergesHeld ?? false,
      failure: writer?.scheduler.mergeFailure?.message,
      debtBytes: sum(({ debtBytes }) => debtBytes),
    },
    tables: {
      count: sum(({ state }) => state.version.tableCount),
      sizeBytes: sum(({ state }) => allTableBytes(state.version)),
      open: tables.openTables,
    },
    recovery: {
      replayedRecords: work.replayedRecords,
      tornTails: work.tornTails,
      droppedBytes: work.droppedBytes,
    },
    keyspaces: all.length,
    snapshots: snapshots.count,
    iterators: core.walks.size,
    backgroundErrors: writer?.scheduler.failures ?? 0,
  }
}

/** The counts of all keyspaces together, dropped ones included. */
function allCounts({ core, keyspaces }: DatabaseParts): ReadCounts {
  const sum = { ...core.counts }
  for (const counts of [keyspaces.dropped, ...Array.from(keyspaces, (one) => one.counts)]) {
    sum.gets += counts.gets
    sum.scans += counts.scans
    sum.scannedEntries += counts.scannedEntries
  }
  return sum
}

/** All zeros in a read-only database. */
function stallStats(byCause: StallsByCause = noStalls()): Stats['stalls'] {
  const total = { count: 0, timeMs: 0 }
  for (const { count, timeMs } of Object.values(byCause)) {
    total.count += count
    total.timeMs += timeMs
  }
  return { ...total, byCause: structuredClone(byCause) }
}

/** The tables of every level: level 0 newest first, the others by key. */
export function collectLevels(tree: Tree): LevelInfo[] {
  const { version } = tree.state
  const states = levelStates(version, tree.compaction.current)
  return Array.from({ length: levelCount }, (_, level) => ({
    level,
    sizeBytes: version.levelBytes(level),
    runs: level === 0 ? version.levels[0].length : version.runsOf(level).length,
    ...states[level],
    tables: version.levels[level].map(tableInfo),
  }))
}

/** The active memtable, then the sealed ones, newest first. */
export function collectMemTables({ state }: Tree): MemTableInfo[] {
  return [state.memtable, ...state.immutables].map((memtable, index) => ({
    isSealed: index > 0,
    entryCount: memtable.entryCount,
    usedBytes: memtable.usedBytes,
    capacityBytes: memtable.capacityBytes,
  }))
}

/** Copies field by field, so that a new internal field does not become public by accident. */
function tableInfo(table: TableMetadata): TableInfo {
  return {
    fileNumber: table.fileNumber,
    sizeBytes: table.sizeBytes,
    entryCount: table.entryCount,
    deleteCount: table.deleteCount,
    rangeDeleteCount: table.rangeDeleteCount,
    expiringCount: table.expiringCount,
    lastExpiryMs: table.lastExpiryMs,
    shadowedCount: table.shadowedCount,
    shadowedBytes: table.shadowedBytes,
    smallestKey: table.range.start,
    endKey: table.range.end,
    minSequence: table.minSequence,
    maxSequence: table.maxSequence,
    run: table.run,
    writtenAtMs: table.writtenAtMs,
  }
}
