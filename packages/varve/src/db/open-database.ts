import { VarveError } from '../base/errors.js'
import { BlockCache } from '../cache/block-cache.js'
import { InlineExecutor } from '../compaction/inline-executor.js'
import type { JobExecutor } from '../compaction/job-executor.js'
import { Scheduler } from '../compaction/scheduler.js'
import { ThreadExecutor } from '../compaction/thread-executor.js'
import { acquireDirectoryLock, type DirectoryLock } from '../fs/directory-lock.js'
import type { FileSystem } from '../fs/file-system.js'
import { nodeLockOwner } from '../fs/node-process-identity.js'
import type { Block } from '../sstable/block.js'
import { TableCache } from '../sstable/table-cache.js'
import { newTableCounters } from '../sstable/table-reader.js'
import { Tree, type TreeHost } from '../tree/tree.js'
import { logName, parseFileName, tableName } from '../version/file-names.js'
import { defaultKeyspace } from '../version/version-edit.js'
import { databaseExists } from '../version/manifest.js'
import { VersionSet } from '../version/version-set.js'
import type { ReplayResult } from '../wal/replay.js'
import { WriteAheadLog } from '../wal/write-ahead-log.js'
import { ColdReads } from './cold-reads.js'
import { CommitPipeline } from './commit-pipeline.js'
import type { DatabaseParts, WriterParts } from './database-parts.js'
import { EventLoopTurns } from './event-loop-turns.js'
import { DatabaseEventEmitter } from './events.js'
import type { ResolvedOptions } from './open-options.js'
import type { ReadCore } from './read-core.js'
import { logsFrom, mendLogs, replayInto } from './recovery.js'
import { SnapshotList } from './snapshot-list.js'
import { WorkCounters } from './work-counters.js'
import { WriteStalls } from './write-stalls.js'

/** Logs that may pile up, one for each open, before an open flushes or forgets what they hold. */
const maxReplayedLogs = 4

/**
 * Brings a directory to life: lock, MANIFEST, replay of the logs, a new log. Whatever fails, nothing
 * stays locked and no acknowledged write is lost. `isOpen` tells readers whether the database has been
 * closed meanwhile.
 */
export function openDatabase(
  path: string,
  options: ResolvedOptions,
  assertOpen: () => void,
): DatabaseParts {
  const { fs, readOnly } = options
  prepareDirectory(path, options)
  const directory = fs.realPath(path)
  const lock = readOnly ? undefined : lockDirectory(directory, options)
  try {
    return assemble(directory, options, lock, assertOpen)
  } catch (error) {
    lock?.release()
    throw error
  }
}

function prepareDirectory(path: string, options: ResolvedOptions): void {
  const { fs, createIfMissing, readOnly } = options
  if (fs.exists(path)) return
  if (!createIfMissing || readOnly) throw missing(path)
  fs.makeDirectory(path)
}

function lockDirectory(directory: string, { fs, clock }: ResolvedOptions): DirectoryLock {
  // Files that no other thread can reach are guarded by the lock's own list of held directories.
  const owner = fs.sharedWithThreads ? nodeLockOwner : { ...nodeLockOwner, isAlive: () => false }
  return acquireDirectoryLock(fs, directory, clock, owner)
}

function assemble(
  path: string,
  options: ResolvedOptions,
  lock: DirectoryLock | undefined,
  assertOpen: () => void,
): DatabaseParts {
  const { fs, clock } = options
  const work = new WorkCounters()
  const events = new DatabaseEventEmitter()
  const snapshots = new SnapshotList()
  const cache = new BlockCache<Block>(options.cacheBytes)
  const tableCounters = newTableCounters()
  const tables = new TableCache(
    fs,
    (fileNumber) => `${path}/${tableName(fileNumber)}`,
    { cache, codecs: options.codecs, counters: tableCounters },
    options.maxOpenTables,
  )
  const versions = openVersions(path, options, (fileNumbers) => {
    for (const fileNumber of fileNumbers) {
      tables.evict(fileNumber)
      removeQuietly(fs, `${path}/${tableName(fileNumber)}`)
    }
  })
  const obsoleteLogs = new ObsoleteLogs(fs, path, versions)
  let writer: WriterParts | undefined
  const host: TreeHost = {
    tables,
    currentVersion: (keyspace) => versions.current(keyspace),
    allocateFileNumber: (count) => versions.allocateFileNumber(count),
    snapshotSequences: () => snapshots.sequences(),
    neededLog: (_keyspace, firstLog) => firstLog ?? writer!.log.logNumber,
    flushed(_slot, result) {
      work.flushes++
      work.flushMs += result.durationMs
      work.flushedBytes += result.writtenBytes
      writer!.log.dropBefore(versions.logNumber)
      obsoleteLogs.remove()
      const [table] = result.outputs
      events.emit('flush', {
        fileNumber: table?.fileNumber,
        entryCount: table?.entryCount ?? 0,
        sizeBytes: result.writtenBytes,
        durationMs: result.durationMs,
      })
    },
    compacted(spec, result) {
      if (spec.kind === 'move') work.moves++
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
        readBytes: result.readBytes,
        writtenBytes: result.writtenBytes,
        durationMs: result.durationMs,
      })
    },
  }
  const forgetLogs = (logNumber: number): void => {
    versions.applyEdit({ logNumber })
    obsoleteLogs.remove()
  }
  const tree = new Tree(defaultKeyspace, options.tree, host)
  const trees = new Map([[tree.keyspace, tree]])
  if (options.tree.paranoid) verifyTables(versions, tables)

  const logs = logsFrom(fs, path, versions.logNumber)
  const replayed = replayInto(fs, logs, trees, versions.logNumber)
  work.recordReplay(replayed)
  const lastSequence = Math.max(versions.lastSequence, replayed.lastSequence)
  const turns = new EventLoopTurns(clock)
  const core: ReadCore = {
    tree,
    keyEncoding: options.keyEncoding,
    valueEncoding: options.valueEncoding,
    turns,
    coldReads: new ColdReads(options.coldReads, clock),
    walks: new Set(),
    loads: new Set(),
    gets: 0,
    assertOpen,
  }
  const shared = { path, options, versions, tree, tables, cache, tableCounters, work, snapshots }
  if (lock !== undefined) {
    writer = startWriter({ ...shared, trees, turns, events, replayed, lock, lastSequence })
    if (logs.length >= maxReplayedLogs) {
      if (tree.hasUnflushed) writer.pipeline.rotate()
      else forgetLogs(writer.log.logNumber)
    }
    writer.scheduler.pump()
  }
  return { ...shared, events, core, writer, lastSequence }
}

interface WriterSetup {
  readonly path: string
  readonly options: ResolvedOptions
  readonly versions: VersionSet
  readonly trees: ReadonlyMap<number, Tree>
  readonly turns: EventLoopTurns
  readonly events: DatabaseEventEmitter
  readonly replayed: ReplayResult
  readonly lock: DirectoryLock
  readonly lastSequence: number
}

function startWriter(setup: WriterSetup): WriterParts {
  const { path, options, versions, trees, turns, events, replayed, lock, lastSequence } = setup
  const { fs, clock } = options
  mendLogs(fs, path, replayed)
  for (const name of versions.unneededFiles()) removeQuietly(fs, `${path}/${name}`)
  const log = new WriteAheadLog(fs, path, logName, versions.allocateFileNumber(), replayed.last)
  const executor = startExecutor(path, options)
  const onError = (error: VarveError): void => events.emit('error', error)
  const scheduler = new Scheduler(
    executor,
    () => trees.values(),
    versions,
    clock,
    () => stalls.wake(),
    onError,
  )
  const stalls = new WriteStalls(
    () => trees.values(),
    scheduler,
    clock,
    (event) => events.emit('stall', event),
  )
  const pipeline = new CommitPipeline(
    {
      path,
      log,
      trees,
      stalls,
      scheduler,
      turns,
      clock,
      durability: options.durability,
      newLogNumber: () => versions.allocateFileNumber(),
      onError,
    },
    lastSequence,
  )
  return { lock, log, pipeline, executor, scheduler, stalls }
}

function openVersions(
  path: string,
  options: ResolvedOptions,
  onObsolete: (fileNumbers: readonly number[]) => void,
): VersionSet {
  const { fs, readOnly, createIfMissing, errorIfExists } = options
  if (!databaseExists(fs, path)) {
    if (!createIfMissing || readOnly) throw missing(path)
    return VersionSet.create(fs, path, { onObsolete })
  }
  if (errorIfExists) {
    throw new VarveError(
      'INVALID_ARGUMENT',
      `${path} holds a database already; errorIfExists: true asks for none`,
      {
        path,
        option: 'errorIfExists',
      },
    )
  }
  // What a read-only database lets go of belongs to the owner.
  return VersionSet.recover(fs, path, readOnly ? { readOnly } : { onObsolete })
}

function startExecutor(directory: string, options: ResolvedOptions): JobExecutor {
  const { fs, clock, codecs, codecModules, background } = options
  if (background.mode === 'inline') {
    return new InlineExecutor({ fs, directory, codecs, clock, checkpoint: () => {} })
  }
  const { threads, bytesPerSecond } = background
  return new ThreadExecutor({ directory, threads, bytesPerSecond, codecModules })
}

function verifyTables(versions: VersionSet, tables: TableCache): void {
  for (const { fileNumber } of versions.current(defaultKeyspace).levels.flat()) {
    tables.get(fileNumber).verify()
  }
}

/** Removes logs whose commits are in tables, as flushes end. */
class ObsoleteLogs {
  constructor(
    private readonly fs: FileSystem,
    private readonly path: string,
    private readonly versions: VersionSet,
  ) {}

  remove(): void {
    for (const name of this.fs.list(this.path)) {
      const file = parseFileName(name)
      if (file?.kind === 'log' && file.number < this.versions.logNumber) {
        removeQuietly(this.fs, `${this.path}/${name}`)
      }
    }
  }
}

/** A file that nothing needs may stay: the next open removes it. */
function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.remove(path)
  } catch {
    // See above.
  }
}

function missing(path: string): VarveError {
  return new VarveError(
    'INVALID_ARGUMENT',
    `${path} holds no database; open it with createIfMissing: true to make one`,
    { path, option: 'createIfMissing' },
  )
}
