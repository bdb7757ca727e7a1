import type { Clock } from '../../base/clock.js'
import type { VarveError } from '../../base/errors.js'
import type { JobResult } from '../../compaction/jobs/job-request.js'
import type { CompactionSpec } from '../../compaction/pickers/compaction-spec.js'
import type { BackgroundJob, JobSource } from '../../compaction/schedule/scheduler.js'
import {
  mergeJob,
  nextFlush,
  nextLevel0Merge,
  nextMerge,
  type TreeJobHost,
} from '../../tree/tree-jobs.js'
import type { Tree } from '../../tree/tree.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { VersionSet } from '../../version/version-set.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { DatabaseEventEmitter } from '../events/events.js'
import type { SnapshotList } from '../read/snapshot-list.js'
import type { ObsoleteFiles } from './obsolete-files.js'
import type { WorkCounters } from './work-counters.js'

interface DatabaseJobsParts {
  readonly trees: TreeRegistry
  readonly versions: VersionSet
  readonly log: WriteAheadLog
  readonly snapshots: SnapshotList
  readonly obsolete: ObsoleteFiles
  readonly work: WorkCounters
  readonly events: DatabaseEventEmitter
  readonly clock: Clock
  readonly onJobEnd: (tree: Tree) => void
}

/**
 * The most flushes of other keyspaces that run at the same time, besides that of the default one.
 */
const maxFlushing = 4

/**
 * Provides the background jobs of all trees. When a job ends, updates the counters, emits the
 * events and removes obsolete files.
 *
 * Owned by: the Database that owns the directory.
 */
export class DatabaseJobs implements JobSource, TreeJobHost {
  private readonly flushing = new Set<Tree>()
  private isOthersTurn = false

  constructor(private readonly parts: DatabaseJobsParts) {}

  nextFlush(): BackgroundJob | undefined {
    const { trees } = this.parts
    const job = nextFlush(trees.main, this)
    if (job !== undefined) return job
    for (const tree of trees.sealed) {
      if (this.flushing.size >= maxFlushing) return undefined
      const other = nextFlush(tree, this)
      if (other === undefined) continue
      this.flushing.add(tree)
      return other
    }
    return undefined
  }

  nextMerge(maxParts: number): BackgroundJob | undefined {
    const { trees } = this.parts
    // They take turns, so that neither starves the other.
    this.isOthersTurn = !this.isOthersTurn
    const first = this.isOthersTurn ? this.nextOtherMerge(maxParts) : undefined
    return first ?? nextMerge(trees.main, this, maxParts) ?? this.nextOtherMerge(maxParts)
  }

  nextLevel0Merge(): BackgroundJob | undefined {
    const { trees } = this.parts
    for (const tree of [trees.main, ...trees.due]) {
      const job = nextLevel0Merge(tree, this)
      if (job !== undefined) return job
    }
    return undefined
  }

  /** The job for a compaction that the caller chose. Its tables are busy until the job ends. */
  mergeOf(tree: Tree, spec: CompactionSpec, maxParts: number): BackgroundJob {
    return mergeJob(tree, this, spec, maxParts)
  }

  allocateFileNumber(count: number): number {
    return this.parts.versions.allocateFileNumber(count)
  }

  snapshotSequences(): number[] {
    return this.parts.snapshots.sequences()
  }

  wallMs(): number {
    return this.parts.clock.wallMs()
  }

  neededLog(tree: Tree, firstLog: number | undefined): number {
    const { trees, log } = this.parts
    return trees.firstNeededLog(tree, firstLog) ?? log.logNumber
  }

  flushed(tree: Tree, result: JobResult): void {
    this.jobEnded(tree)
    const { work, log, versions, obsolete, events } = this.parts
    work.flushes++
    work.flushMs += result.durationMs
    work.flushedBytes += result.writtenBytes
    log.dropBefore(versions.logNumber)
    obsolete.removeLogsBelow(versions.logNumber)
    const [table] = result.outputs
    events.emit('flush', {
      fileNumber: table?.fileNumber,
      entryCount: table?.entryCount ?? 0,
      droppedEntries: result.droppedEntries,
      sizeBytes: result.writtenBytes,
      durationMs: result.durationMs,
    })
  }

  compacted(tree: Tree, spec: CompactionSpec, result: JobResult): void {
    this.jobEnded(tree)
    const { work, events } = this.parts
    if (spec.kind === 'drop') work.drops++
    else if (spec.kind === 'move') work.moves++
    else work.compactions++
    work.compactionMs += result.durationMs
    work.compactedBytes += result.writtenBytes
    work.compactionReadBytes += result.readBytes
    events.emit('compaction', {
      kind: spec.kind,
      reason: spec.reason,
      inputLevels: spec.inputs.map(({ level }) => level),
      outputLevel: spec.outputLevel,
      inputTables: spec.inputs.reduce((sum, input) => sum + input.tables.length, 0),
      outputTables: result.outputs.length,
      droppedEntries: result.droppedEntries,
      readBytes: result.readBytes,
      writtenBytes: result.writtenBytes,
      durationMs: result.durationMs,
    })
  }

  discarded(tree: Tree, result: JobResult): void {
    this.jobEnded(tree)
    this.parts.obsolete.removeTables(result.outputs.map((table) => table.fileNumber))
  }

  /**
   * If the edit of a job failed, removes the tables that it wrote. Keeps them if the MANIFEST is
   * poisoned, because it may name them.
   */
  failed(tree: Tree, error: VarveError, unused: JobResult | undefined): void {
    this.jobEnded(tree)
    if (unused === undefined || error.code === 'POISONED') return
    this.parts.obsolete.removeTables(unused.outputs.map((table) => table.fileNumber))
  }

  private nextOtherMerge(maxParts: number): BackgroundJob | undefined {
    const { trees } = this.parts
    for (const tree of trees.due) {
      const job = nextMerge(tree, this, maxParts)
      if (job !== undefined) return job
      trees.due.delete(tree)
    }
    return undefined
  }

  private jobEnded(tree: Tree): void {
    this.flushing.delete(tree)
    this.parts.trees.noteJobEnd(tree)
    this.parts.onJobEnd(tree)
  }
}
