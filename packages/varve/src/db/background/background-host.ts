import type { Clock } from '../../base/clock.js'
import type { VarveError } from '../../base/errors.js'
import type { CompactionSpec } from '../../compaction/pickers/compaction-spec.js'
import type { JobResult } from '../../compaction/jobs/job-request.js'
import type { FileSystem } from '../../fs/file-system.js'
import type { TableCache } from '../../sstable/table-cache.js'
import type { TreeHost } from '../../tree/tree.js'
import { parseFileName, tableName } from '../../version/file-names.js'
import type { Version } from '../../version/version.js'
import type { VersionSet } from '../../version/version-set.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { DatabaseEventEmitter } from '../events/events.js'
import type { SnapshotList } from '../read/snapshot-list.js'
import { FileRemovals } from './file-removals.js'
import type { WorkCounters } from './work-counters.js'

/**
 * What the trees of a database share: file numbers, snapshots, open tables; and what follows from the
 * end of a job: counts, events, files that are not needed any more.
 *
 * Owned by: the database.
 */
export class BackgroundHost implements TreeHost {
  /** Set when the log has begun, before the first job. */
  log: WriteAheadLog | undefined
  /** Set when compactions may follow from it. */
  onReadsInVain: (fileNumber: number, reads: number) => void = () => {}
  readonly removals: FileRemovals

  constructor(
    private readonly fs: FileSystem,
    private readonly clock: Clock,
    private readonly path: string,
    readonly tables: TableCache,
    private readonly versions: () => VersionSet,
    private readonly snapshots: SnapshotList,
    private readonly work: WorkCounters,
    private readonly events: DatabaseEventEmitter,
  ) {
    this.removals = new FileRemovals(fs, path)
  }

  currentVersion(keyspace: number): Version {
    return this.versions().current(keyspace)
  }

  allocateFileNumber(count: number): number {
    return this.versions().allocateFileNumber(count)
  }

  snapshotSequences(): number[] {
    return this.snapshots.sequences()
  }

  wallMs(): number {
    return this.clock.wallMs()
  }

  neededLog(_keyspace: number, firstLog: number | undefined): number {
    return firstLog ?? this.log!.logNumber
  }

  flushed(result: JobResult): void {
    const { work } = this
    work.flushes++
    work.flushMs += result.durationMs
    work.flushedBytes += result.writtenBytes
    this.log!.dropBefore(this.versions().logNumber)
    this.removeObsoleteLogs()
    const [table] = result.outputs
    this.events.emit('flush', {
      fileNumber: table?.fileNumber,
      entryCount: table?.entryCount ?? 0,
      droppedEntries: result.droppedEntries,
      sizeBytes: result.writtenBytes,
      durationMs: result.durationMs,
    })
  }

  compacted(spec: CompactionSpec, result: JobResult): void {
    const { work } = this
    if (spec.kind === 'drop') work.drops++
    else if (spec.kind === 'move') work.moves++
    else work.compactions++
    work.compactionMs += result.durationMs
    work.compactedBytes += result.writtenBytes
    work.compactionReadBytes += result.readBytes
    this.events.emit('compaction', {
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

  /** An edit that failed for good leaves tables that nothing names; a poisoned MANIFEST may name them. */
  failed(error: VarveError, unused: JobResult | undefined): void {
    if (unused === undefined || error.code === 'POISONED') return
    this.removeTables(unused.outputs.map((table) => table.fileNumber))
  }

  /** No Version holds these any more. */
  removeTables(fileNumbers: readonly number[]): void {
    for (const fileNumber of fileNumbers) this.tables.evict(fileNumber)
    this.removals.remove(fileNumbers.map(tableName))
  }

  /** Their commits are in tables. */
  removeObsoleteLogs(): void {
    const { logNumber } = this.versions()
    const obsolete = this.namesInDirectory().filter((name) => {
      const file = parseFileName(name)
      return file?.kind === 'log' && file.number < logNumber
    })
    this.removals.remove(obsolete)
  }

  /** None, when they cannot be told: what should go then goes after the next flush. */
  private namesInDirectory(): string[] {
    try {
      return this.fs.list(this.path)
    } catch {
      return []
    }
  }
}
