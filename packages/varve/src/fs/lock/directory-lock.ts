import { join } from 'node:path'
import { assert } from '../../base/assert.js'
import type { Clock } from '../../base/clock.js'
import { VarveError, isNotFound } from '../../base/errors.js'
import { hashBytes } from '../../base/hash.js'
import { Prng } from '../../base/prng.js'
import type { FileSystem, ReadableFile } from '../file-system.js'
import {
  decodeLockRecord,
  encodeLockRecord,
  type LockOwner,
  type LockRecord,
} from './lock-owner.js'

const lockName = 'LOCK'
const claimPrefix = 'LOCK.'
const unpublishedSuffix = '.new'

/** Longest LOCK or claim that is read; a whole record is a fraction of it. */
const maxRecordBytes = 4096
/** Rounds of standing back for others, then the lock is reported as contended. */
const maxRounds = 200
const maxBackoffMs = 16

/** Directories held by this thread, by the file system they are in and their real path. */
const heldHere = new WeakMap<FileSystem, Map<string, LockRecord>>()

/**
 * Makes this thread the owner of a directory, whose files no other thread or process then touches.
 * Blocks the thread for a moment when others try to take over a dead owner's lock at the same time.
 *
 * Requires: the directory exists. Throws `LOCKED` when it has a living owner.
 */
export function acquireDirectoryLock(
  fs: FileSystem,
  directory: string,
  clock: Clock,
  owner: LockOwner,
): DirectoryLock {
  const realPath = fs.realPath(directory)
  const held = heldIn(fs)
  const holder = held.get(realPath)
  if (holder !== undefined) throw lockedError(realPath, holder)
  const record = new LockAttempt(fs, realPath, clock, owner).run()
  held.set(realPath, record)
  return new DirectoryLock(fs, realPath, record)
}

/**
 * The owner of a directory, in this process or another; undefined when it has none that lives. Takes
 * no lock and changes nothing. Throws `IO` when LOCK cannot be read.
 */
export function livingOwner(
  fs: FileSystem,
  directory: string,
  owner: LockOwner,
): LockRecord | undefined {
  const realPath = fs.realPath(directory)
  // A lock in files that no other thread reaches is held by this thread or was left by a crash.
  if (!fs.sharedWithThreads) return heldIn(fs).get(realPath)
  const found = readRecord(fs, join(realPath, lockName))
  return typeof found === 'object' && owner.isAlive(found) ? found : undefined
}

/**
 * The right to a directory.
 *
 * Owned by: the database that opened the directory. Lives: until `release`, or until its process
 * ends in whatever way: a dead owner's lock is taken over by the next one who asks. A worker thread
 * that ends without `release` leaves the directory locked until its process ends.
 *
 * It binds the processes of one machine that see each other's process ids. An owner on another
 * machine, or in another container, that shares the folder is taken for dead.
 */
export class DirectoryLock {
  private isHeld = true

  constructor(
    private readonly fs: FileSystem,
    /** The directory, with symbolic links resolved. */
    readonly path: string,
    private readonly record: LockRecord,
  ) {}

  /**
   * Whether LOCK was removed, or names another owner: somebody has meddled with it. From then on the
   * directory may belong to another process.
   */
  isLost(): boolean {
    try {
      const found = readRecord(this.fs, join(this.path, lockName))
      return typeof found !== 'object' || found.token !== this.record.token
    } catch {
      // It cannot be read just now, which says nothing about whose it is.
      return false
    }
  }

  /** Gives the directory free, unless it has come to belong to somebody else. */
  release(): void {
    assert(this.isHeld, `the lock on ${this.path} is released twice`)
    this.isHeld = false
    heldIn(this.fs).delete(this.path)
    if (!this.isLost()) this.fs.remove(join(this.path, lockName))
  }
}

/**
 * One attempt to get the lock. LOCK holds the owner's record; `LOCK.<token>` is the claim of
 * somebody who wants to be the owner. Both appear whole, as a new name for a finished file (the
 * claim's own first name ends in `.new`), so one that holds no record was damaged by a power loss
 * and has no living owner.
 *
 * A free lock is taken by `link(claim, LOCK)`, which only one can do. A dead owner's lock is taken by
 * `rename(claim, LOCK)`, which anyone could do, so this must be shown:
 *
 * Invariant: between the last look at LOCK and the rename, nobody else changes LOCK. Each one who
 * takes over goes through these steps:
 *
 *     1 publish own claim     2 list the claims: no other living one     3 read LOCK: owner dead
 *     4 rename own claim to LOCK
 *
 * 1. Two of them, A and B, are not between 2 and 4 together. Say that B published last. Then B lists
 *    when A's claim has been published, and goes on only if that is gone. If A withdrew it, A is back
 *    before 1. If A renamed it, LOCK named A before B lists, so B, who reads LOCK after listing, finds
 *    A, alive. (Reading LOCK before listing would not do: A might rename in between.)
 * 2. `link` fails as long as LOCK exists, and nobody removes a dead owner's LOCK.
 * 3. Only its owner removes a LOCK (`release`), and an owner that does so is alive.
 *
 * Of several who meet, those with a higher token withdraw and come again after a random time; the one
 * with the lowest waits with its claim in place, so somebody gets through. What dead processes left
 * behind is removed by who takes over. Removing another's unpublished claim is harmless: to publish
 * it fails then, and its owner begins again.
 */
class LockAttempt {
  private readonly record: LockRecord
  private readonly lockPath: string
  private readonly claimPath: string
  private readonly prng: Prng
  /** Where the own claim lies at present, published or not. */
  private ownFile: string | undefined

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly owner: LockOwner,
  ) {
    const token = clock.uniqueToken()
    this.record = { ...owner.identity, token, sinceMs: clock.wallMs() }
    this.lockPath = join(directory, lockName)
    this.claimPath = join(directory, claimPrefix + token)
    this.prng = new Prng(hashBytes(Buffer.from(token), 0, token.length))
  }

  run(): LockRecord {
    try {
      for (let round = 0; round < maxRounds; round++) if (this.tryOnce()) return this.record
    } finally {
      this.withdraw()
    }
    const message = `${this.directory} is wanted by several processes at once; try again`
    throw new VarveError('LOCKED', message, { path: this.directory })
  }

  private tryOnce(): boolean {
    const isFree = this.isFree()
    if (!this.publish()) return false
    if (isFree) return this.linkClaim()
    const rivals = this.livingRivals()
    if (rivals.length > 0) {
      if (rivals.some((token) => token < this.record.token)) this.withdraw()
      this.clock.sleepSync(this.prng.between(1, maxBackoffMs))
      return false
    }
    if (this.isFree()) return false
    this.fs.rename(this.claimPath, this.lockPath)
    this.ownFile = undefined
    return true
  }

  /** True without a LOCK, false with one of a dead owner; throws when the owner is alive. */
  private isFree(): boolean {
    const found = readRecord(this.fs, this.lockPath)
    if (found === 'missing') return true
    if (found !== 'damaged' && this.isAlive(found)) throw lockedError(this.directory, found)
    return false
  }

  /** False when somebody took the unfinished claim for a dead one's. */
  private publish(): boolean {
    if (this.ownFile === this.claimPath) return true
    const unpublished = this.claimPath + unpublishedSuffix
    const bytes = encodeLockRecord(this.record)
    const file = this.fs.create(unpublished)
    this.ownFile = unpublished
    try {
      file.append(bytes, 0, bytes.length)
    } finally {
      file.close()
    }
    try {
      this.fs.rename(unpublished, this.claimPath)
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.ownFile = undefined
      return false
    }
    this.ownFile = this.claimPath
    return true
  }

  private linkClaim(): boolean {
    try {
      this.fs.link(this.claimPath, this.lockPath)
    } catch (error) {
      if (isTaken(error)) return false
      throw error
    }
    this.removeDeadClaims()
    return true
  }

  /** Of those who died before they had the lock. Never throws: the lock is held already. */
  private removeDeadClaims(): void {
    try {
      this.livingRivals()
    } catch {
      // The next owner tries again.
    }
  }

  /** Tokens of the other living claims; what dead processes left behind is removed. */
  private livingRivals(): string[] {
    const rivals: string[] = []
    for (const name of this.fs.list(this.directory)) {
      const path = join(this.directory, name)
      if (!name.startsWith(claimPrefix) || path === this.claimPath) continue
      const found = readRecord(this.fs, path)
      if (found === 'missing') continue
      if (found === 'damaged' || !this.isAlive(found)) removeIfThere(this.fs, path)
      else if (!name.endsWith(unpublishedSuffix)) rivals.push(found.token)
    }
    return rivals
  }

  /** A file system of this thread alone holds no lock of others: what it has is what a crash left. */
  private isAlive(record: LockRecord): boolean {
    return this.fs.sharedWithThreads && this.owner.isAlive(record)
  }

  private withdraw(): void {
    if (this.ownFile === undefined) return
    try {
      removeIfThere(this.fs, this.ownFile)
    } catch {
      // Must not hide how the attempt ended. A claim left behind dies with this process.
    }
    this.ownFile = undefined
  }
}

function heldIn(fs: FileSystem): Map<string, LockRecord> {
  const held = heldHere.get(fs) ?? new Map<string, LockRecord>()
  heldHere.set(fs, held)
  return held
}

function readRecord(fs: FileSystem, path: string): LockRecord | 'missing' | 'damaged' {
  let file: ReadableFile
  try {
    file = fs.openForRead(path)
  } catch (error) {
    if (isNotFound(error)) return 'missing'
    throw error
  }
  try {
    const bytes = Buffer.alloc(maxRecordBytes)
    const length = file.read(bytes, 0, maxRecordBytes, 0)
    return decodeLockRecord(bytes.subarray(0, length)) ?? 'damaged'
  } finally {
    file.close()
  }
}

function removeIfThere(fs: FileSystem, path: string): void {
  try {
    fs.remove(path)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof VarveError && error.systemCode === 'EEXIST'
}

function lockedError(directory: string, holder: LockRecord): VarveError {
  const thread = holder.threadId === 0 ? '' : `, thread ${holder.threadId},`
  const since = new Date(holder.sinceMs).toISOString()
  return new VarveError(
    'LOCKED',
    `${directory} is open in process ${holder.pid}${thread} on ${holder.hostname} since ${since}; ` +
      'close the database there, or end that process, and try again',
    { path: directory, ownerPid: holder.pid },
  )
}
