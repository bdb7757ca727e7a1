import type { VarveError } from '../base/errors.js'
import { filterBitsOfFlush, filterBitsOfMerge } from '../compaction/jobs/filter-allocation.js'
import type { JobRequest, JobResult, JobTableOptions } from '../compaction/jobs/job-request.js'
import type { BackgroundJob } from '../compaction/schedule/scheduler.js'
import type { CompactionSpec, OutputPlace } from '../compaction/pickers/compaction-spec.js'
import { shapeOf } from '../compaction/pickers/tree-shape.js'
import type { AddedTable, DeletedTable } from '../version/version-edit.js'
import { totalBytes, type WrittenTable } from '../version/table-metadata.js'
import type { MemTableSlot } from './memtables.js'
import type { Tree } from './tree.js'

/** What background jobs need from the database. */
export interface TreeJobHost {
  /** Allocates `count` consecutive file numbers and returns the first. */
  allocateFileNumber(count: number): number
  /** Sequences of the live snapshots, ascending. */
  snapshotSequences(): number[]
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
  /**
   * The first log that the database needs if `tree` needs none below `firstLog` (undefined: no
   * log).
   */
  neededLog(tree: Tree, firstLog: number | undefined): number
  flushed(tree: Tree, result: JobResult): void
  compacted(tree: Tree, spec: CompactionSpec, result: JobResult): void
  /** Called if the tree was dropped while the job ran: its tables are not needed. */
  discarded(tree: Tree, result: JobResult): void
  /** `unused`: the tables that the job wrote, if only the edit failed. */
  failed(tree: Tree, error: VarveError, unused: JobResult | undefined): void
}

/**
 * File numbers in addition to the estimate by size, because a merge may end tables early at
 * grandparents.
 */
const spareFileNumbers = 16

/** The least input of a part of a merge, in tables. The last table of each part is small. */
const leastTablesPerPart = 2

/**
 * Upper estimate of bytes written per byte read: filters and indexes may grow, and blocks may be
 * less full.
 */
const tableBytesPerInputByte = 1.1

/** The disk space, in memtables, that a merge must leave free so that flushes can run. */
const sparedMemtables = 1

/** The flush of the oldest sealed memtable, unless it is already running. Marks the memtable. */
export function nextFlush(tree: Tree, host: TreeJobHost): BackgroundJob | undefined {
  const slot = tree.isDropped ? undefined : tree.nextToFlush()
  if (slot === undefined) return undefined
  slot.isFlushing = true
  return flushJob(tree, host, slot)
}

/** The most urgent compaction that shares no table with a running one. */
export function nextMerge(
  tree: Tree,
  host: TreeJobHost,
  maxParts: number,
): BackgroundJob | undefined {
  const spec = tree.isDropped ? undefined : tree.compaction.next(tree.currentVersion())
  return spec === undefined ? undefined : mergeJob(tree, host, spec, maxParts)
}

/** The compaction of level 0, if writes are slowed down and no other one is more urgent. */
export function nextLevel0Merge(tree: Tree, host: TreeJobHost): BackgroundJob | undefined {
  if (tree.level0Count < tree.stallThresholds.l0Slowdown) return undefined
  const spec = tree.isDropped ? undefined : tree.compaction.next(tree.currentVersion())
  return spec?.inputs[0].level === 0 ? mergeJob(tree, host, spec, 1) : undefined
}

function flushJob(tree: Tree, host: TreeJobHost, slot: MemTableSlot): BackgroundJob {
  const version = tree.currentVersion()
  const { usedBytes } = slot.memtable
  const bits = filterBitsOfFlush(version, tree.compaction.current, tree.options, usedBytes)
  let isVoid = false
  return {
    kind: 'flush',
    requests: [
      {
        kind: 'flush',
        memtable: slot.memtable.seal(),
        nothingBelow: version.tableCount === 0,
        options: tableOptions(tree, bits, tree.options.codec.level0),
        snapshots: host.snapshotSequences(),
        nowMs: host.wallMs(),
        firstFileNumber: host.allocateFileNumber(1),
        fileNumberCount: 1,
      },
    ],
    neededBytes: usedBytes * tableBytesPerInputByte,
    sparedBytes: 0,
    editFor(result) {
      isVoid = tree.isDropped
      if (isVoid) return {}
      return {
        // The table may not contain the newest write.
        lastSequence: slot.memtable.maxSequence,
        logNumber: host.neededLog(tree, tree.firstLogAfterFlush(slot)),
        added: addedTables(tree.keyspace, host, result.outputs, { level: 0, run: 0 }),
      }
    },
    installed(result) {
      slot.isFlushing = false
      if (isVoid) host.discarded(tree, result)
      else {
        tree.flushed(slot)
        host.flushed(tree, result)
      }
      tree.jobEnded()
    },
    failed(error, unused) {
      slot.isFlushing = false
      host.failed(tree, error, unused)
      tree.jobEnded()
    },
  }
}

/** The job for a compaction. Its tables are busy until the job ends. */
export function mergeJob(
  tree: Tree,
  host: TreeJobHost,
  spec: CompactionSpec,
  maxParts: number,
): BackgroundJob {
  const inputs = spec.inputs.flatMap(({ tables }) => tables)
  tree.compaction.begun(spec)
  let isVoid = false
  return {
    kind: spec.kind,
    requests: spec.kind === 'merge' ? mergeRequests(tree, host, spec, maxParts) : [],
    neededBytes: spec.kind === 'merge' ? totalBytes(inputs) * tableBytesPerInputByte : 0,
    sparedBytes: sparedMemtables * tree.options.memtableBytes,
    progressed: (readEntries) => tree.compaction.progressed(spec, readEntries),
    editFor(result) {
      isVoid = tree.isDropped
      if (isVoid) return {}
      return {
        deleted: deletedTables(tree.keyspace, spec),
        added:
          spec.kind === 'move'
            ? movedTables(tree.keyspace, spec)
            : addedTables(tree.keyspace, host, result.outputs, placeOf(spec)),
      }
    },
    installed(result) {
      tree.compaction.ended(spec)
      if (isVoid) host.discarded(tree, result)
      else {
        if (!tree.isDropped) tree.refresh()
        host.compacted(tree, spec, result)
      }
      tree.jobEnded()
    },
    failed(error, unused) {
      tree.compaction.ended(spec)
      host.failed(tree, error, unused)
      tree.jobEnded()
    },
  }
}

/** A large merge is split into parts that share snapshots and options. */
function mergeRequests(
  tree: Tree,
  host: TreeJobHost,
  spec: CompactionSpec,
  maxParts: number,
): JobRequest[] {
  const inputBytes = spec.inputs.reduce((sum, { tables }) => sum + totalBytes(tables), 0)
  const bySize = Math.ceil(inputBytes / tree.options.tableBytes)
  const fileNumberCount = bySize + spec.grandparents.length + spareFileNumbers
  const version = tree.currentVersion()
  const bits = filterBitsOfMerge(version, tree.compaction.current, tree.options, spec)
  const request = {
    kind: 'merge',
    spec,
    options: tableOptions(tree, bits, codecOf(tree, spec)),
    snapshots: host.snapshotSequences(),
    nowMs: host.wallMs(),
    fileNumberCount,
  } as const
  const count = Math.max(1, Math.min(maxParts, Math.floor(bySize / leastTablesPerPart)))
  return Array.from({ length: count }, (_, index) => ({
    ...request,
    firstFileNumber: host.allocateFileNumber(fileNumberCount),
    ...(count > 1 && { part: { index, count } }),
  }))
}

/** Picks the options that a worker needs; the others may contain functions. */
function tableOptions(tree: Tree, filterBitsPerKey: number, codec: string): JobTableOptions {
  const { blockBytes, tableBytes, paranoid } = tree.options
  const { filterSecret } = tree
  return { blockBytes, tableBytes, filterBitsPerKey, filterSecret, codec, paranoid }
}

function codecOf(tree: Tree, { outputLevel, isManual }: CompactionSpec): string {
  const { level0, upper, last, compact } = tree.options.codec
  const { current } = tree.compaction
  // 'fifo' never merges.
  if (outputLevel === 0 || current.policy === 'fifo') return level0
  if (outputLevel < shapeOf(tree.currentVersion(), current).lastLevel) return upper
  return isManual === true ? compact : last
}

function deletedTables(keyspace: number, spec: CompactionSpec): DeletedTable[] {
  return spec.inputs.flatMap(({ level, tables }) =>
    tables.map(({ fileNumber }) => ({ keyspace, level, fileNumber })),
  )
}

function movedTables(keyspace: number, spec: CompactionSpec): AddedTable[] {
  const { level, run } = placeOf(spec)
  const tables = spec.inputs.flatMap((input) => input.tables)
  return tables.map((table) => ({ keyspace, level, table: { ...table, run } }))
}

function addedTables(
  keyspace: number,
  host: TreeJobHost,
  written: readonly WrittenTable[],
  { level, run }: OutputPlace,
): AddedTable[] {
  const writtenAtMs = host.wallMs()
  return written.map((table) => ({ keyspace, level, table: { ...table, run, writtenAtMs } }))
}

function placeOf({ outputLevel, outputRun }: CompactionSpec): OutputPlace {
  return { level: outputLevel, run: outputRun }
}
