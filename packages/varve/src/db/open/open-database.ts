import { VarveError } from '../../base/errors.js'
import { BlockCache } from '../../cache/block-cache.js'
import { DiskSpace } from '../../compaction/schedule/disk-space.js'
import { InlineExecutor } from '../../compaction/executors/inline-executor.js'
import type { JobExecutor } from '../../compaction/jobs/job-executor.js'
import { Scheduler } from '../../compaction/schedule/scheduler.js'
import { ThreadExecutor } from '../../compaction/executors/thread-executor.js'
import type { DirectoryLock } from '../../fs/lock/directory-lock.js'
import { lockDirectory } from '../../fs/lock/lock-directory.js'
import { TableCache } from '../../sstable/table-cache.js'
import { newTableCounters } from '../../sstable/table-reader.js'
import { Tree } from '../../tree/tree.js'
import { highestTable, logName, tableName } from '../../version/file-names.js'
import { defaultKeyspace } from '../../version/version-edit.js'
import { databaseExists } from '../../version/manifest.js'
import { VersionSet } from '../../version/version-set.js'
import type { ReplayedLog, ReplayResult } from '../../wal/replay.js'
import { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { UsageCounters } from '../background/adaptive-control.js'
import { allTableBytes } from '../background/amplification.js'
import { BackgroundHost } from '../background/background-host.js'
import { ColdReads } from '../read/cold-reads.js'
import { CommitPipeline } from '../write/commit-pipeline.js'
import type { DatabaseParts } from './database-parts.js'
import { EventLoopTurns } from '../events/event-loop-turns.js'
import { DatabaseEventEmitter } from '../events/events.js'
import type { ResolvedOptions } from '../options/open-options.js'
import { PolicyControl } from '../background/policy-control.js'
import type { ReadCore } from '../read/read-core.js'
import { logsFrom, mendLogs, replayInto } from './recovery.js'
import { SnapshotList } from '../read/snapshot-list.js'
import { WorkCounters } from '../background/work-counters.js'
import { WriteStalls } from '../write/write-stalls.js'

/** Logs that may pile up, one for each open, before an open flushes or forgets what they hold. */
const maxReplayedLogs = 4

/**
 * Brings a directory to life: lock, MANIFEST, replay of the logs, a new log. Whatever fails, nothing
 * stays locked or open and no acknowledged write is lost. `assertOpen` throws once the database has
 * been closed.
 */
export function openDatabase(
  path: string,
  options: ResolvedOptions,
  assertOpen: () => void,
): DatabaseParts {
  const undo: (() => void)[] = []
  try {
    prepareDirectory(path, options)
    const directory = options.fs.realPath(path)
    const lock = lockDirectory(directory, options)
    undo.push(() => lock.release())
    return startWriter(openStore(directory, options, assertOpen, undo), lock, undo)
  } catch (error) {
    undoAll(undo)
    throw error
  }
}

/** Takes back what has been done, the last step first. */
export function undoAll(undo: (() => void)[]): void {
  for (const step of undo.reverse()) undoQuietly(step)
}

/** One step that fails must not keep the others, the lock's above all, from being taken back. */
function undoQuietly(step: () => void): void {
  try {
    step()
  } catch {
    // The error that made the open fail says more.
  }
}

function prepareDirectory(path: string, { fs, createIfMissing }: ResolvedOptions): void {
  if (fs.exists(path)) return
  if (!createIfMissing) throw missing(path)
  fs.makeDirectory(path)
}

/** What reading needs. */
export interface Store extends Omit<DatabaseParts, 'writer' | 'follower'> {
  readonly host: BackgroundHost
  readonly logs: readonly ReplayedLog[]
  readonly replayed: ReplayResult
}

/**
 * Reads a directory: MANIFEST, and the logs into memtables. `undo` takes the steps back if a later one
 * fails. With what was read `earlier`, it shares open tables, cache and counts.
 */
export function openStore(
  path: string,
  options: ResolvedOptions,
  assertOpen: () => void,
  undo: (() => void)[],
  earlier?: DatabaseParts,
): Store {
  const { fs, clock } = options
  const snapshots = new SnapshotList()
  const onReadsInVain = (fileNumber: number, reads: number): void =>
    host.onReadsInVain(fileNumber, reads)
  const shared = earlier ?? newShared(path, options, onReadsInVain, undo)
  const { cache, tableCounters, tables, work, events } = shared
  const host = new BackgroundHost(fs, clock, path, tables, () => versions, snapshots, work, events)
  const versions: VersionSet = openVersions(path, options, (numbers) => host.removeTables(numbers))
  undo.push(() => versions.close())
  tables.summaryOf = (fileNumber) => versions.table(fileNumber)
  if (options.tree.paranoid) verifyTables(versions, tables)

  const tree = new Tree(defaultKeyspace, options.tree, host)
  const logs = logsFrom(fs, path, versions.logNumber)
  const trees = new Map([[tree.keyspace, tree]])
  const newestTable = highestTable(fs.list(path))
  const replayed = replayInto(fs, logs, trees, versions.logNumber, newestTable)
  work.recordReplay(replayed)
  const core = earlier?.core ?? newCore(tree, options, assertOpen)
  const lastSequence = Math.max(versions.lastSequence, replayed.lastSequence)
  const parts = { path, options, versions, tree, tables, cache, tableCounters, work, snapshots }
  return { ...parts, events, core, lastSequence, host, logs, replayed }
}

/** What stays while a read-only database reads its directory again and again. */
function newShared(
  path: string,
  options: ResolvedOptions,
  onReadsInVain: (fileNumber: number, reads: number) => void,
  undo: (() => void)[],
) {
  const cache = new BlockCache(options.cacheBytes)
  const tableCounters = newTableCounters()
  const context = { cache, codecs: options.codecs, counters: tableCounters, onReadsInVain }
  const pathOf = (fileNumber: number): string => `${path}/${tableName(fileNumber)}`
  const tables = new TableCache(options.fs, pathOf, context, options.maxOpenTables)
  undo.push(() => tables.close())
  const work = new WorkCounters()
  return { cache, tableCounters, tables, work, events: new DatabaseEventEmitter(path) }
}

function newCore(tree: Tree, options: ResolvedOptions, assertOpen: () => void): ReadCore {
  const { keyEncoding, valueEncoding, clock, coldReads } = options
  return {
    tree,
    keyEncoding,
    valueEncoding,
    clock,
    turns: new EventLoopTurns(clock),
    coldReads: new ColdReads(coldReads, clock),
    walks: new Set(),
    loads: new Set(),
    counts: { gets: 0, scans: 0, scannedEntries: 0 },
    assertOpen,
  }
}

function startWriter(store: Store, lock: DirectoryLock, undo: (() => void)[]): DatabaseParts {
  const { path, options, versions, tree, events, core, host, work, replayed, lastSequence } = store
  const { fs, clock, durability } = options
  mendLogs(fs, path, replayed)
  host.removals.remove(versions.unneededFiles())
  // Where LOCK was removed by hand, another owner may have come: its files are left alone.
  const requireOwner = (): void => {
    if (lock.isLost()) throw pipeline.poison(lostLock(path))
  }
  const newLogNumber = (): number => {
    requireOwner()
    return versions.allocateFileNumber()
  }
  const { memtableBytes } = options.tree
  const log = new WriteAheadLog(
    fs,
    path,
    logName,
    versions.allocateFileNumber(),
    replayed.last,
    memtableBytes,
  )
  undo.push(() => void log.close())
  host.log = log
  const executor = startExecutor(path, options, (warning) => events.emit('warning', warning))
  const trees = new Map([[tree.keyspace, tree]])
  const sources = (): Iterable<Tree> => trees.values()
  const onError = (error: VarveError): void => events.emit('error', error)
  const onChange = (): void => {
    stalls.wake()
    policy.look()
  }
  const onJobError = (error: VarveError): void => {
    // What cannot be flushed fills the memory, and the next open decides what there is.
    if (versions.isPoisoned) pipeline.poison(error)
    onError(error)
  }
  const scheduler = new Scheduler({
    executor,
    sources,
    edits: versions,
    space: new DiskSpace(path, () => fs.freeBytes(path)),
    clock,
    requireOwner,
    onChange,
    onError: onJobError,
  })
  const stalls = new WriteStalls(sources, scheduler, clock, options.maxStallMs, (event) =>
    events.emit('stall', event),
  )
  const { turns } = core
  const pipeline = new CommitPipeline(
    { path, log, trees, stalls, scheduler, turns, clock, durability, newLogNumber, onError },
    lastSequence,
  )
  versions.requireOwner = requireOwner
  host.removals.isFenced = () => lock.isLost()
  const check = (): void => {
    scheduler.pump()
    // What held writes back may not any more.
    stalls.wake()
  }
  const policy = new PolicyControl(tree, clock, {
    check,
    changed: (change) => events.emit('policy', change),
    usage: () => usageOf(core, pipeline, stalls),
    circumstances: () => ({
      dataBytes: allTableBytes(tree.currentVersion()),
      memtableBytes,
      mergeBytesPerSecond: work.mergeBytesPerSecond,
      threads: options.background.mode === 'inline' ? 0 : options.background.threads,
    }),
  })
  undo.push(() => policy.stop())
  if (store.logs.length >= maxReplayedLogs) {
    if (tree.hasUnflushed) {
      pipeline.rotate()
    } else {
      versions.applyEdit({ logNumber: log.logNumber })
      host.removeObsoleteLogs()
    }
  }
  host.onReadsInVain = (fileNumber, reads) => {
    tree.compaction.readInVain(fileNumber, reads)
    // Not in the middle of a read.
    clock.nextTurn(check)
  }
  store.snapshots.onRelease = (sequence) => {
    // It held back what was deleted after it was taken. That is seldom in tables by now.
    const heldBack = [...trees.values()].some((one) => one.currentVersion().newestDelete > sequence)
    // Not in the middle of what closed it.
    if (heldBack) clock.nextTurn(check)
  }
  scheduler.pump()
  const writer = { lock, log, pipeline, scheduler, stalls, policy, host }
  return { ...store, writer, follower: undefined }
}

function lostLock(path: string): VarveError {
  const message = `LOCK in ${path} was removed or taken: the directory may have another owner by now`
  return new VarveError('LOCKED', message, { path })
}

function usageOf(core: ReadCore, pipeline: CommitPipeline, stalls: WriteStalls): UsageCounters {
  const stalledMs = Object.values(stalls.byCause).reduce((sum, { timeMs }) => sum + timeMs, 0)
  return { ...core.counts, writtenBytes: pipeline.userBytes, stalledMs }
}

function openVersions(
  path: string,
  options: ResolvedOptions,
  onObsolete: (fileNumbers: readonly number[]) => void,
): VersionSet {
  const { fs, readOnly, createIfMissing, errorIfExists, maxManifestBytes } = options
  if (!databaseExists(fs, path)) {
    if (!createIfMissing || readOnly) throw missing(path)
    return VersionSet.create(fs, path, { onObsolete, maxManifestBytes })
  }
  if (errorIfExists) {
    const message = `${path} holds a database already; errorIfExists: true asks for none`
    throw new VarveError('INVALID_ARGUMENT', message, { path, option: 'errorIfExists' })
  }
  // What a read-only database lets go of belongs to the owner.
  return VersionSet.recover(fs, path, readOnly ? { readOnly } : { onObsolete, maxManifestBytes })
}

function startExecutor(
  directory: string,
  options: ResolvedOptions,
  onWarning: (warning: VarveError) => void,
): JobExecutor {
  const { fs, clock, codecs, codecModules, background } = options
  const { mode, threads, bytesPerSecond, niceness } = background
  const environment = { fs, directory, codecs, clock }
  if (options.newExecutor !== undefined) return options.newExecutor(environment)
  if (mode === 'inline') return new InlineExecutor(environment, bytesPerSecond)
  return new ThreadExecutor({
    environment,
    threads,
    bytesPerSecond,
    niceness,
    codecModules,
    onWarning,
  })
}

function verifyTables(versions: VersionSet, tables: TableCache): void {
  for (const { levels } of versions.allCurrent()) {
    for (const { fileNumber } of levels.flat()) tables.get(fileNumber).verify()
  }
}

export function missing(path: string): VarveError {
  return new VarveError(
    'INVALID_ARGUMENT',
    `${path} holds no database; open it with createIfMissing: true to make one`,
    { path, option: 'createIfMissing' },
  )
}
