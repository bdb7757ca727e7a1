import { assert } from '../../base/assert.js'
import { isNotFound, VarveError } from '../../base/errors.js'
import { nodeLockOwner } from '../../fs/lock/node-process-identity.js'
import { ReaderLease } from '../../fs/lock/reader-lease.js'
import type { TableReader } from '../../sstable/table-reader.js'
import { manifestName, tableName } from '../../version/file-names.js'
import { readCurrent } from '../../version/manifest.js'
import { continueReplay, type LogPosition } from '../../wal/replay.js'
import type { DatabaseParts, Following } from './database-parts.js'
import { missing, openStore, type Store, undoAll } from './open-database.js'
import type { ResolvedOptions } from '../options/open-options.js'
import { applierTo, logsFrom } from './recovery.js'

/** Times that a directory is read before what is wrong with it is believed: its owner may be writing. */
const maxReadings = 6

/** How far the directory has been read; without both, it cannot be read on. */
interface Progress {
  /** Tells whether an edit has come since. */
  readonly manifest?: string | undefined
  readonly position?: LogPosition | undefined
}

/** What was read of the directory at one time, as long as somebody reads in it. */
interface Moment extends Pick<DatabaseParts, 'versions' | 'tree' | 'snapshots'> {
  /** The tables that are held open, where there is no lease. */
  readonly pins: readonly TableReader[]
  isClosed: boolean
}

/**
 * Reads a directory that somebody else may own, in this process or another one, and catches up with him
 * when it is asked to. It changes nothing there but its lease, by which the owner leaves the files alone
 * that it needs. Where it may not write that, it holds all tables open instead: a file that is open
 * stays readable when its name is gone.
 *
 * Owned by: a Database that was opened with `readOnly: true`. Lives: as long as it.
 *
 * Invariant 1: the lease is on everything while the directory is read, and else on all tables of all
 * moments in which somebody reads.
 * Invariant 2: a snapshot or walk stays in the moment in which it began.
 */
export class Follower implements Following {
  private parts: DatabaseParts | undefined
  private progress: Progress = {}
  private pins: readonly TableReader[] = []
  private readonly past: Moment[] = []
  private lease: ReaderLease | undefined
  private leased = new Set<number>()
  private isWide = false

  /** Throws INVALID_ARGUMENT when there is no database in the directory, CORRUPTION, IO. */
  static open(path: string, options: ResolvedOptions, assertOpen: () => void): DatabaseParts {
    const { fs } = options
    if (!fs.exists(path)) throw missing(path)
    const follower = new Follower(fs.realPath(path), options, assertOpen)
    try {
      return follower.begin()
    } catch (error) {
      follower.lease?.release()
      throw error
    }
  }

  private constructor(
    private readonly path: string,
    private readonly options: ResolvedOptions,
    private readonly assertOpen: () => void,
  ) {}

  /**
   * Reads on in the logs, or, where tables have come since, all of the directory again. When that fails,
   * everything is as it was.
   */
  refresh(): void {
    const { parts } = this
    assert(parts !== undefined, 'a follower has begun')
    try {
      if (!this.readOn(parts)) this.readAgain(parts)
    } finally {
      this.letGoOfPast()
      this.narrowLease()
    }
  }

  /** Requires: no reader is left. */
  close(): void {
    for (const moment of this.past) if (!moment.isClosed) moment.tree.close()
    const pins = [...this.pins, ...this.past.flatMap((moment) => moment.pins)]
    for (const reader of pins) reader.unpin()
    this.lease?.release()
  }

  /**
   * What was appended to the logs goes into the memtables, as it does in their owner's; who holds a
   * snapshot or a walk does not see it. False when that is not enough. The MANIFEST is looked at before and
   * afterwards: in between nothing has left the logs.
   */
  private readOn(parts: DatabaseParts): boolean {
    const { manifest, position } = this.progress
    if (manifest === undefined || position === undefined) return false
    // Whatever comes now into the memtables must not come twice.
    this.progress = {}
    try {
      if (this.manifestState() !== manifest) return false
      const { fs } = this.options
      const logs = logsFrom(fs, this.path, position.logNumber)
      if (logs[0]?.logNumber !== position.logNumber) return false
      const apply = applierTo(new Map([[parts.tree.keyspace, parts.tree]]))
      const reached = continueReplay(fs, logs, position, apply)
      if (reached === undefined || this.manifestState() !== manifest) return false
      this.progress = { manifest, position: reached }
      Object.assign(parts, { lastSequence: reached.lastSequence })
      return true
    } catch (error) {
      if (error instanceof VarveError) return false
      throw error
    }
  }

  private readAgain(parts: DatabaseParts): void {
    const { store, pins } = this.read(parts)
    this.past.push({ ...momentOf(parts), pins: this.pins, isClosed: false })
    this.pins = pins
    // In place, so that views see it, too.
    Object.assign(parts, momentOf(store), { lastSequence: store.lastSequence })
    parts.core.tree = store.tree
  }

  /**
   * Which MANIFEST is in force, and how long it is: each edit makes it longer. Undefined when it cannot be
   * told.
   */
  private manifestState(): string | undefined {
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

  private begin(): DatabaseParts {
    const { store, pins } = this.read()
    this.pins = pins
    this.parts = { ...store, writer: undefined, follower: this }
    this.narrowLease()
    return this.parts
  }

  private read(earlier?: DatabaseParts): { store: Store; pins: TableReader[] } {
    const { clock, fs } = this.options
    const isLeased = this.widenLease()
    for (let reading = 1; ; reading++) {
      const undo: (() => void)[] = []
      try {
        const manifest = this.manifestState()
        const store = openStore(this.path, this.options, this.assertOpen, undo, earlier)
        undo.push(() => store.tree.close())
        const pins = isLeased ? [] : pinAll(store, undo)
        this.progress = { manifest, position: positionOf(store) }
        return { store, pins }
      } catch (error) {
        undoAll(undo)
        if (!fs.sharedWithThreads || reading === maxReadings || !maySeemWrong(error)) throw error
        clock.sleepSync(reading)
      }
    }
  }

  /** False when the directory cannot be written to. */
  private widenLease(): boolean {
    const { fs, clock } = this.options
    try {
      if (this.lease === undefined) {
        this.lease = ReaderLease.take(fs, this.path, clock, nodeLockOwner)
      } else this.lease.widen()
      this.isWide = true
      return true
    } catch (error) {
      if (error instanceof VarveError && error.code === 'IO') return false
      throw error
    }
  }

  /** The moments that nobody reads in any more; of the others, what is still read stays. */
  private letGoOfPast(): void {
    for (const moment of this.past.splice(0)) {
      if (!moment.isClosed && moment.snapshots.count === 0) {
        moment.tree.close()
        moment.versions.letGo()
        moment.isClosed = true
      }
      if (moment.versions.liveFileNumbers().size > 0 || !moment.isClosed) this.past.push(moment)
      else for (const reader of moment.pins) reader.unpin()
    }
  }

  private narrowLease(): void {
    const { tables, versions } = this.parts!
    const needed = versions.liveFileNumbers()
    for (const moment of this.past) {
      for (const fileNumber of moment.versions.liveFileNumbers()) needed.add(fileNumber)
    }
    const gone = [...this.leased].filter((fileNumber) => !needed.has(fileNumber))
    for (const fileNumber of gone) tables.evict(fileNumber)
    const isSame = gone.length === 0 && needed.size === this.leased.size
    this.leased = needed
    if (isSame && !this.isWide) return
    try {
      this.lease?.narrow([...needed].map(tableName))
      this.isWide = false
    } catch (error) {
      // It stays on more than is needed, which costs the owner space and nobody anything else.
      if (!(error instanceof VarveError)) throw error
      this.isWide = true
    }
  }
}

function momentOf({ versions, tree, snapshots }: Omit<DatabaseParts, 'writer' | 'follower'>) {
  return { versions, tree, snapshots }
}

function positionOf({ replayed, lastSequence }: Store): LogPosition | undefined {
  const { last } = replayed
  if (last === undefined) return undefined
  return { logNumber: last.logNumber, offset: last.sizeBytes, lastSequence }
}

function pinAll({ versions, tables }: Store, undo: (() => void)[]): TableReader[] {
  return [...versions.liveFileNumbers()].map((fileNumber) => {
    const reader = tables.pin(fileNumber)
    undo.push(() => tables.unpin(reader))
    return reader
  })
}

/** What an owner who is writing, or removing files, may look like. */
function maySeemWrong(error: unknown): boolean {
  return isNotFound(error) || (error instanceof VarveError && error.code === 'CORRUPTION')
}
