import type { VarveError } from '../base/errors.js'
import {
  type FilterBudget,
  filterBitsOfFlush,
  filterBitsOfMerge,
} from '../compaction/jobs/filter-allocation.js'
import type { JobRequest, JobResult, JobTableOptions } from '../compaction/jobs/job-request.js'
import type { Compaction } from '../compaction/pickers/compaction-options.js'
import type { BackgroundJob } from '../compaction/schedule/scheduler.js'
import type { CompactionSpec, OutputPlace } from '../compaction/pickers/compaction-spec.js'
import type { AddedTable, DeletedTable } from '../version/version-edit.js'
import { totalBytes, type WrittenTable } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'
import type { MemTableSlot } from './memtables.js'

/** What background jobs need of the database. */
export interface TreeJobHost {
  /** The first of `count` new file numbers in a row. */
  allocateFileNumber(count: number): number
  /** Sequences of the live snapshots, ascending. */
  snapshotSequences(): number[]
  /** Wall-clock time in milliseconds since 1970. */
  wallMs(): number
  /**
   * First log that the database needs once the tree that asks needs none below `firstLog` (undefined:
   * none at all).
   */
  neededLog(keyspace: number, firstLog: number | undefined): number
  flushed(result: JobResult): void
  compacted(spec: CompactionSpec, result: JobResult): void
  /** `unused`: what the job wrote, if it was the edit that failed. */
  failed(error: VarveError, unused: JobResult | undefined): void
}

interface JobOwner {
  readonly keyspace: number
  readonly options: JobTableOptions & FilterBudget
  readonly compaction: { readonly current: Compaction }
  currentVersion(): Version
}

/** Merges may split where a level below makes it worthwhile; this many more tables than by size. */
const spareFileNumbers = 16

/** A part of a merge reads at least so many tables' worth of bytes: the last one it writes is a small one. */
const leastTablesPerPart = 2

/** What a job may write for each byte it reads: filters and indexes may grow, blocks be less full. */
const tableBytesPerInputByte = 1.1

/** A merge leaves so much room for flushes, in memtables: who cannot flush, cannot write. */
const sparedMemtables = 1

/** Writes a sealed memtable to level 0. The slot is marked until the job ends. */
export function flushJob(
  tree: JobOwner,
  host: TreeJobHost,
  slot: MemTableSlot,
  hooks: { firstLogAfter: () => number | undefined; installed: () => void },
): BackgroundJob {
  slot.isFlushing = true
  const version = tree.currentVersion()
  const { usedBytes } = slot.memtable
  const bits = filterBitsOfFlush(version, tree.compaction.current, tree.options, usedBytes)
  return {
    kind: 'flush',
    requests: [
      {
        kind: 'flush',
        memtable: slot.memtable.seal(),
        nothingBelow: version.tableCount === 0,
        options: tableOptions(tree, bits),
        snapshots: host.snapshotSequences(),
        nowMs: host.wallMs(),
        firstFileNumber: host.allocateFileNumber(1),
        fileNumberCount: 1,
      },
    ],
    neededBytes: usedBytes * tableBytesPerInputByte,
    sparedBytes: 0,
    editFor: (result) => ({
      // The highest write may be one that no table keeps.
      lastSequence: slot.memtable.maxSequence,
      logNumber: host.neededLog(tree.keyspace, hooks.firstLogAfter()),
      added: addedTables(tree.keyspace, host, result.outputs, { level: 0, run: 0 }),
    }),
    installed(result) {
      hooks.installed()
      host.flushed(result)
    },
    failed(error, unused) {
      slot.isFlushing = false
      host.failed(error, unused)
    },
  }
}

/** Runs a compaction, of which the tree is told when it ends. */
export function mergeJob(
  tree: JobOwner,
  host: TreeJobHost,
  spec: CompactionSpec,
  maxParts: number,
  hooks: { installed: () => void; ended: () => void },
): BackgroundJob {
  const inputs = spec.inputs.flatMap(({ tables }) => tables)
  return {
    kind: spec.kind,
    requests: spec.kind === 'merge' ? mergeRequests(tree, host, spec, maxParts) : [],
    neededBytes: spec.kind === 'merge' ? totalBytes(inputs) * tableBytesPerInputByte : 0,
    sparedBytes: sparedMemtables * tree.options.memtableBytes,
    editFor: (result) => ({
      deleted: deletedTables(tree.keyspace, spec),
      added:
        spec.kind === 'move'
          ? movedTables(tree.keyspace, spec)
          : addedTables(tree.keyspace, host, result.outputs, placeOf(spec)),
    }),
    installed(result) {
      hooks.ended()
      hooks.installed()
      host.compacted(spec, result)
    },
    failed(error, unused) {
      hooks.ended()
      host.failed(error, unused)
    },
  }
}

/** Cut into parts of the same snapshots and options, if it is large. */
function mergeRequests(
  tree: JobOwner,
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
    options: tableOptions(tree, bits),
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

/** Only these cross to the worker: the tree's other options may hold functions. */
function tableOptions({ options }: JobOwner, filterBitsPerKey: number): JobTableOptions {
  const { blockBytes, tableBytes, codec, paranoid } = options
  return { blockBytes, tableBytes, filterBitsPerKey, codec, paranoid }
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
