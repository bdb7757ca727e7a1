import { VarveError } from '../../base/errors.js'
import { ReaderLease } from '../../fs/lock/reader-lease.js'
import type { TableReader } from '../../sstable/table-reader.js'
import { manifestName, tableName } from '../../store/file-names.js'
import { readCurrent } from '../../version/manifest.js'
import { logsFrom } from '../../wal/log-files.js'
import { continueReplay, type LogPosition } from '../../wal/replay.js'
import { requireOwnDirectory } from '../../version/database-directory.js'
import type { ResolvedOptions } from '../options/open-options.js'
import type { ReadCore } from '../read/read-core.js'
import {
  type CurrentState,
  type DatabaseParts,
  type DirectoryState,
  type Following,
  type SharedParts,
} from './database-parts.js'
import { readBesideOwner } from './read-beside-owner.js'
import {
  newReadCore,
  newSharedParts,
  noDatabaseError,
  readDirectory,
  type ReadDirectory,
} from './read-directory.js'
import { applierTo } from './recovery.js'
import { Undo } from './undo.js'

/**
 * How far the directory has been read. Unless both parts are set, it must be read from the start.
 */
interface Progress {
  /** Changes with every edit. */
  readonly manifest?: string | undefined
  readonly position?: LogPosition | undefined
}

/** The result of reading the directory. */
interface Reading {
  readonly state: DirectoryState
  /** The tables that are kept open because there is no lease. */
  readonly pins: readonly TableReader[]
  readonly progress: Progress
}

/** A replaced state that still has readers. */
interface PastState {
  readonly state: DirectoryState
  readonly pins: readonly TableReader[]
  isClosed: boolean
}

/**
 * Reads a directory that another database may own, in this or another process, and catches up with
 * it on request. It changes nothing there except its lease, which makes the owner keep the files
 * that this reader needs. If it cannot write a lease, it keeps all tables open instead: an open
 * file stays readable after it is deleted.
 *
 * Owned by: a Database that was opened with `readOnly: true`. Lives: as long as the database is
 * open.
 *
 * Invariant 1: the lease covers everything while the directory is read, and otherwise all tables of
 * all states that have readers.
 * Invariant 2: a snapshot or iterator keeps the state that it started with.
 */
export class Follower implements Following {
  private readonly past: PastState[] = []
  private leased = new Set<number>()

  /** Throws INVALID_ARGUMENT if the directory holds no database, CORRUPTION, IO. */
  static open(givenPath: string, options: ResolvedOptions, assertOpen: () => void): DatabaseParts {
    const { fs } = options
    if (!fs.exists(givenPath)) throw noDatabaseError(givenPath, true)
    const path = fs.realPath(givenPath)
    requireOwnDirectory(fs, path)
    const undo = new Undo()
    try {
      const directory = new FollowedDirectory(path, options, undo)
      const shared = newSharedParts(path, options, undo)
      const reading = directory.read(shared)
      const current: CurrentState = { state: reading.state }
      const core = newReadCore(reading.state, options, shared.coldReads, assertOpen)
      const follower = new Follower(directory, shared, current, core, reading)
      return {
        ...shared,
        path,
        options,
        current,
        core,
        writer: undefined,
        follower,
        catalog: undefined,
      }
    } catch (error) {
      undo.run()
      throw error
    }
  }

  private constructor(
    private readonly directory: FollowedDirectory,
    private readonly shared: SharedParts,
    private readonly current: CurrentState,
    private readonly core: ReadCore,
    private reading: Reading,
  ) {
    this.narrowLease()
  }

  /**
   * Reads the new commits in the logs or, if the owner has written tables, the whole directory. On
   * failure, nothing changes.
   */
  refresh(): void {
    try {
      if (!this.readOn()) this.readAgain()
    } finally {
      this.dropPastStates()
      this.narrowLease()
    }
  }

  /** Requires: no readers are left. */
  close(): void {
    for (const { state, isClosed } of this.past) if (!isClosed) state.trees.close()
    const pins = [...this.reading.pins, ...this.past.flatMap((past) => past.pins)]
    for (const reader of pins) reader.unpin()
    this.directory.releaseLease()
  }

  /**
   * Inserts new commits of the logs into the memtables, as the owner does; snapshots and iterators
   * do not see them. Returns false if that is not enough. Checks the MANIFEST before and after, to
   * be sure that no commit moved from the logs to a table in between.
   */
  private readOn(): boolean {
    const { state, pins, progress } = this.reading
    const { manifest, position } = progress
    if (manifest === undefined || position === undefined) return false
    // After a failure, some commits are in the memtables. They must not be inserted twice.
    this.reading = { state, pins, progress: {} }
    try {
      if (this.directory.manifestState() !== manifest) return false
      const reached = this.directory.replayFrom(position, state)
      if (reached === undefined || this.directory.manifestState() !== manifest) return false
      this.become({
        state: { ...state, lastSequence: reached.lastSequence },
        pins,
        progress: { manifest, position: reached },
      })
      return true
    } catch (error) {
      if (error instanceof VarveError) return false
      throw error
    }
  }

  private readAgain(): void {
    const { state, pins } = this.reading
    const reading = this.directory.read(this.shared)
    this.past.push({ state, pins, isClosed: false })
    this.become(reading)
  }

  private become(reading: Reading): void {
    this.reading = reading
    this.current.state = reading.state
    const { trees } = reading.state
    this.core.current.tree = trees.main
    this.core.current.trees = trees
    this.shared.keyspaces.moveTo(trees)
  }

  /** Closes the past states that have no readers. The others keep their files. */
  private dropPastStates(): void {
    for (const past of this.past.splice(0)) {
      const { trees, versions, snapshots } = past.state
      if (!past.isClosed && snapshots.count === 0) {
        trees.close()
        versions.letGo()
        past.isClosed = true
      }
      if (versions.liveFileNumbers().size > 0 || !past.isClosed) this.past.push(past)
      else for (const reader of past.pins) reader.unpin()
    }
  }

  private narrowLease(): void {
    const needed = this.reading.state.versions.liveFileNumbers()
    for (const { state } of this.past) {
      for (const fileNumber of state.versions.liveFileNumbers()) needed.add(fileNumber)
    }
    const gone = [...this.leased].filter((fileNumber) => !needed.has(fileNumber))
    for (const fileNumber of gone) this.shared.tables.evict(fileNumber)
    const isSame = gone.length === 0 && needed.size === this.leased.size
    this.leased = needed
    const { directory } = this
    if (isSame && !directory.isLeaseWide) return
    directory.narrowLease([...needed].map(tableName))
  }
}

/**
 * The directory, its lease, and the ways to read it.
 *
 * Owned by: a Follower.
 */
class FollowedDirectory {
  private lease: ReaderLease | undefined
  private isWide = false

  constructor(
    private readonly path: string,
    private readonly options: ResolvedOptions,
    undo: Undo,
  ) {
    undo.add(() => this.releaseLease())
  }

  get isLeaseWide(): boolean {
    return this.isWide
  }

  /** Reads the whole directory. */
  read(shared: SharedParts): Reading {
    const { fs, clock } = this.options
    const isLeased = this.widenLease()
    return readBesideOwner(fs, clock, () => {
      const undo = new Undo()
      try {
        const manifest = this.manifestState()
        const directory = readDirectory(this.path, this.options, shared, undo, {})
        const { state } = directory
        const pins = isLeased ? [] : pinAll(state, shared, undo)
        return { state, pins, progress: { manifest, position: positionOf(directory) } }
      } catch (error) {
        undo.run()
        throw error
      }
    })
  }

  /** Inserts the commits after `position`. Returns undefined if the logs do not continue there. */
  replayFrom(position: LogPosition, { trees, versions }: DirectoryState): LogPosition | undefined {
    const { fs } = this.options
    const logs = logsFrom(fs, this.path, position.logNumber)
    if (logs[0]?.logNumber !== position.logNumber) return undefined
    return continueReplay(fs, logs, position, applierTo(trees, versions.nextKeyspace))
  }

  /**
   * The current MANIFEST and its length, which every edit changes. Undefined if it cannot be read.
   */
  manifestState(): string | undefined {
    const { fs } = this.options
    try {
      const number = readCurrent(fs, this.path)
      const file = fs.openForRead(`${this.path}/${manifestName(number)}`)
      try {
        return `${number} ${file.sizeBytes()}`
      } finally {
        file.close()
      }
    } catch (error) {
      if (error instanceof VarveError) return undefined
      throw error
    }
  }

  narrowLease(names: readonly string[]): void {
    try {
      this.lease?.narrow(names)
      this.isWide = false
    } catch (error) {
      // The lease covers more than necessary, which costs the owner only disk space.
      if (!(error instanceof VarveError)) throw error
      this.isWide = true
    }
  }

  releaseLease(): void {
    this.lease?.release()
  }

  /** Returns false if the directory cannot be written to. */
  private widenLease(): boolean {
    const { fs, clock, lockOwner } = this.options
    try {
      if (this.lease === undefined) this.lease = ReaderLease.take(fs, this.path, clock, lockOwner)
      else this.lease.widen()
      this.isWide = true
      return true
    } catch (error) {
      if (error instanceof VarveError && error.code === 'IO') return false
      throw error
    }
  }
}

function positionOf({ replayed, state }: ReadDirectory): LogPosition | undefined {
  const { last } = replayed
  if (last === undefined) return undefined
  const { lastSequence } = state
  return { logNumber: last.logNumber, offset: last.sizeBytes, lastSequence }
}

function pinAll({ versions }: DirectoryState, { tables }: SharedParts, undo: Undo): TableReader[] {
  return versions
    .allCurrent()
    .flatMap(({ levels }) => levels.flat())
    .map((table) => {
      const reader = tables.pin(table)
      undo.add(() => tables.unpin(reader))
      return reader
    })
}
