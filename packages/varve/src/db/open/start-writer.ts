import type { VarveError } from '../../base/errors.js'
import { Signal } from '../../base/signal.js'
import { InlineExecutor } from '../../compaction/executors/inline-executor.js'
import { ThreadExecutor } from '../../compaction/executors/thread-executor.js'
import type { JobExecutor } from '../../compaction/jobs/job-executor.js'
import { DiskSpace } from '../../compaction/schedule/disk-space.js'
import { Scheduler } from '../../compaction/schedule/scheduler.js'
import type { DirectoryLock } from '../../fs/lock/directory-lock.js'
import { logName } from '../../store/file-names.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import { defaultKeyspace } from '../../version/version-edit.js'
import type { Tree } from '../../tree/tree.js'
import { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { UsageCounters } from '../background/adaptive-control.js'
import { allTableBytes } from '../background/amplification.js'
import { EditsAfterLogs } from '../background/edits-after-logs.js'
import { DatabaseJobs } from '../background/database-jobs.js'
import type { FileRemovals } from '../background/file-removals.js'
import type { ObsoleteFiles } from '../background/obsolete-files.js'
import { PolicyControl } from '../background/policy-control.js'
import { TreePolicies } from '../background/tree-policies.js'
import type { ResolvedOptions } from '../options/open-options.js'
import { type ReadCore, noReads, type ReadCounts } from '../read/read-core.js'
import { CommitPipeline } from '../write/commit-pipeline.js'
import { GroupSync } from '../write/group-sync.js'
import { Rotation } from '../write/rotation.js'
import type { WriteGate } from '../write/write-gate.js'
import { WriteStalls } from '../write/write-stalls.js'
import type { SharedParts, WriterParts } from './database-parts.js'
import type { FruitlessReads, ReadDirectory } from './read-directory.js'
import type { Undo } from './undo.js'

/** Each open leaves one log. With more than this number, an open flushes or drops them. */
const maxReplayedLogs = 4
/** Flushing this much takes less time than starting a thread. */
const maxBlockingFlushBytes = 1024 * 1024
/** This many logs mean that each close came before the background flush could end. */
const maxAbortedLogs = 16

/** A directory that was read and belongs to this database. */
interface OwnedDirectory {
  readonly path: string
  readonly options: ResolvedOptions
  readonly shared: SharedParts
  readonly directory: ReadDirectory
  readonly core: ReadCore
  readonly lock: DirectoryLock
  readonly gate: WriteGate
  /** Throws LOCKED or POISONED if the directory has another owner. */
  readonly requireOwner: () => void
  readonly removals: FileRemovals
  readonly obsolete: ObsoleteFiles
}

/** Events other than writes that can make a compaction due. */
interface CompactionTriggers {
  readonly fruitlessReads: FruitlessReads
  readonly snapshotReleased: Signal<[sequence: number]>
  /** Emitted when more is known about the tables. */
  readonly compactionDue: Signal
}

/** Starts the writing half of the database. */
export function startWriter(
  owned: OwnedDirectory,
  triggers: CompactionTriggers,
  undo: Undo,
): WriterParts {
  const { lock, removals } = owned
  const jobEnded = new Signal()
  const log = startLog(owned, undo)
  const treeJobEnded = new Signal<[tree: Tree]>()
  const jobs = databaseJobs(owned, log, treeJobEnded)
  const edits = editsAfterLogs(owned, log)
  const scheduler = startScheduler(owned, jobs, edits, jobEnded)
  undo.add(() => void scheduler.close())
  const stalls = writeStalls(owned, scheduler)
  const pipeline = commitPipeline(owned, log, scheduler, stalls)
  const checkDue = (): void => {
    scheduler.pump()
    // Held-back writes may continue.
    stalls.wake()
  }
  const policies = treePolicies(owned, pipeline, stalls, checkDue)
  undo.add(() => policies.stop())
  treeJobEnded.listen((tree) => policies.look(tree))
  jobEnded.listen(() => stalls.wake())
  jobEnded.listen(() => policies.main.look())
  listenTo(triggers, owned, checkDue)
  scheduler.withoutMerges(() => {
    releaseReplayedLogs(owned, log, pipeline, scheduler)
    scheduler.pump()
  })
  // Compactions wait for the next turn, so that `pauseCompaction` right after `open` prevents them.
  owned.options.clock.nextTurn(checkDue)
  const { obsolete } = owned
  return { lock, log, pipeline, scheduler, stalls, policies, jobs, edits, removals, obsolete }
}

function startLog({ path, options, directory }: OwnedDirectory, undo: Undo): WriteAheadLog {
  const { state, replayed } = directory
  const log = new WriteAheadLog(
    options.fs,
    path,
    logName,
    state.versions.allocateFileNumber(),
    replayed.last,
    options.tree.memtableBytes,
  )
  undo.add(() => void log.close())
  return log
}

function databaseJobs(
  { options, shared, directory, obsolete }: OwnedDirectory,
  log: WriteAheadLog,
  jobEnded: Signal<[tree: Tree]>,
): DatabaseJobs {
  const { trees, versions, snapshots } = directory.state
  const { work, events } = shared
  return new DatabaseJobs({
    trees,
    versions,
    log,
    snapshots,
    obsolete,
    work,
    events,
    clock: options.clock,
    onJobEnd: (tree) => jobEnded.emit(tree),
  })
}

function editsAfterLogs({ directory, gate }: OwnedDirectory, log: WriteAheadLog): EditsAfterLogs {
  const { versions, trees } = directory.state
  return new EditsAfterLogs({
    edits: versions,
    log,
    trees,
    poison: (cause) => gate.poisonWith(cause),
  })
}

function startScheduler(
  owned: OwnedDirectory,
  jobs: DatabaseJobs,
  edits: EditsAfterLogs,
  jobEnded: Signal,
): Scheduler {
  const { path, options, shared, directory, gate, requireOwner } = owned
  const { fs, clock } = options
  const { versions } = directory.state
  const { events } = shared
  return new Scheduler({
    executor: startExecutor(path, options, (warning) => events.emit('warning', warning)),
    source: jobs,
    edits,
    space: new DiskSpace(path, () => fs.freeBytes(path)),
    clock,
    requireOwner,
    onChange: () => jobEnded.emit(),
    onError: (error) => {
      // Nothing can be flushed, so memory would fill up. The next open recovers the durable state.
      if (versions.isPoisoned) gate.poisonWith(error)
      events.emit('error', error)
    },
  })
}

function startExecutor(
  directory: string,
  options: ResolvedOptions,
  onWarning: (warning: VarveError) => void,
): JobExecutor {
  const { codecModules, background } = options
  const { mode, threads, bytesPerSecond, niceness } = background
  const environment = jobEnvironment(directory, options)
  if (options.newExecutor !== undefined) return options.newExecutor(environment)
  if (mode === 'inline') return new InlineExecutor(environment, bytesPerSecond)
  const settings = { directory, threads, bytesPerSecond, niceness, codecModules }
  return new ThreadExecutor({ environment, ...settings, onWarning })
}

/** Jobs write to the directory, regardless of the store that readers use. */
function jobEnvironment(directory: string, { fs, codecs, clock }: ResolvedOptions) {
  return { store: new LocalTableStore(fs, directory), codecs, clock }
}

function writeStalls({ options, shared }: OwnedDirectory, scheduler: Scheduler): WriteStalls {
  const { events } = shared
  return new WriteStalls(scheduler, options.clock, options.maxStallMs, (event) =>
    events.emit('stall', event),
  )
}

function commitPipeline(
  { path, options, shared, directory, core, gate, requireOwner }: OwnedDirectory,
  log: WriteAheadLog,
  scheduler: Scheduler,
  stalls: WriteStalls,
): CommitPipeline {
  const { clock, durability } = options
  const { trees, versions, lastSequence } = directory.state
  const newLogNumber = (): number => {
    requireOwner()
    return versions.allocateFileNumber()
  }
  const onError = (error: VarveError): void => shared.events.emit('error', error)
  return new CommitPipeline(
    {
      path,
      log,
      trees,
      gate,
      rotation: new Rotation({
        log,
        trees,
        scheduler,
        memtableBytes: options.tree.memtableBytes,
        replayed: replayedLogs(directory),
        newLogNumber,
      }),
      sync: new GroupSync({ log, gate, clock, durability, onError }),
      stalls,
      scheduler,
      turns: core.turns,
      clock,
    },
    lastSequence,
  )
}

function replayedLogs({ logs, replayed }: ReadDirectory) {
  const sizes = new Map(replayed.used.map(({ path, sizeBytes }) => [path, sizeBytes]))
  return logs.map(({ logNumber, path }) => ({ logNumber, sizeBytes: sizes.get(path) ?? 0 }))
}

function treePolicies(
  owned: OwnedDirectory,
  pipeline: CommitPipeline,
  stalls: WriteStalls,
  check: () => void,
): TreePolicies {
  const { trees } = owned.directory.state
  const policies = new TreePolicies(trees.main, (tree) =>
    policyControl(owned, tree, pipeline, stalls, check),
  )
  for (const tree of trees) if (tree !== trees.main) policies.add(tree)
  trees.noteAllDue()
  return policies
}

function policyControl(
  { options, shared, directory, core }: OwnedDirectory,
  tree: Tree,
  pipeline: CommitPipeline,
  stalls: WriteStalls,
  check: () => void,
): PolicyControl {
  const { work, events, keyspaces } = shared
  const { background, tree: treeOptions, clock } = options
  const { trees } = directory.state
  const isMain = tree === trees.main
  return new PolicyControl(tree, clock, {
    check() {
      if (!isMain) trees.due.add(tree)
      check()
    },
    changed: (change) => events.emit('policy', change),
    usage: () =>
      isMain
        ? usageOf(core.counts, pipeline.userBytes, stalls)
        : usageOf(keyspaces.get(tree.keyspace)?.counts ?? noReads, tree.writtenBytes, stalls),
    circumstances: () => ({
      dataBytes: allTableBytes(tree.currentVersion()),
      memtableBytes: treeOptions.memtableBytes,
      mergeBytesPerSecond: work.mergeBytesPerSecond,
      threads: background.mode === 'inline' ? 0 : background.threads,
    }),
  })
}

function usageOf(counts: ReadCounts, writtenBytes: number, stalls: WriteStalls): UsageCounters {
  const stalledMs = Object.values(stalls.byCause).reduce((sum, { timeMs }) => sum + timeMs, 0)
  return { ...counts, writtenBytes, stalledMs }
}

/**
 * After several opens without a flush, frees the logs that were replayed. If the flush always ran
 * in the background, a program that runs briefly and often would abort it with each close and
 * accumulate logs.
 */
function releaseReplayedLogs(
  { options, path, directory, obsolete }: OwnedDirectory,
  log: WriteAheadLog,
  pipeline: CommitPipeline,
  scheduler: Scheduler,
): void {
  const { logs, state, replayed } = directory
  const { trees, versions } = state
  if (logs.length < maxReplayedLogs) return
  if (trees.hasUnflushed) {
    const replayedBytes = replayed.used.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    if (replayedBytes > maxBlockingFlushBytes && logs.length < maxAbortedLogs) {
      pipeline.rotate()
    } else {
      const { bytesPerSecond } = options.background
      const executor = new InlineExecutor(jobEnvironment(path, options), bytesPerSecond)
      scheduler.flushHere(() => pipeline.rotate(), executor)
    }
    return
  }
  versions.applyEdit({ logNumber: log.logNumber })
  obsolete.removeLogsBelow(log.logNumber)
}

function listenTo(
  { fruitlessReads, snapshotReleased, compactionDue }: CompactionTriggers,
  { options, directory }: OwnedDirectory,
  checkDue: () => void,
): void {
  const { clock } = options
  const { trees, versions } = directory.state
  const checkAll = (): void => {
    trees.noteAllDue()
    clock.nextTurn(checkDue)
  }
  // The check runs in a later turn, not in the middle of a read or of closing a snapshot.
  fruitlessReads.listen((fileNumber, reads) => {
    const tree = trees.get(versions.keyspaceOf(fileNumber) ?? defaultKeyspace)
    tree?.compaction.noteFruitlessReads(fileNumber, reads)
    if (tree !== undefined && tree !== trees.main) trees.due.add(tree)
    clock.nextTurn(checkDue)
  })
  snapshotReleased.listen((sequence) => {
    // No table is newer than the snapshot, as after most transactions: none can be held back by it.
    if (sequence >= versions.lastSequence) return
    // It kept entries that were deleted or overwritten later, if any of them are in a table.
    const heldBack = trees.some((tree) => tree.currentVersion().mayBeHeldBy(sequence))
    if (heldBack) checkAll()
  })
  compactionDue.listen(checkAll)
}
