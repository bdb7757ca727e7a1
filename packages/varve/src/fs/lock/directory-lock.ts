import { join } from 'node:path'
import { assert } from '../../base/assert.js'
import type { Clock } from '../../base/clock.js'
import { VarveError, isNotFound } from '../../base/errors.js'
import { hashBytes } from '../../base/bytes/hash.js'
import { Prng } from '../../base/prng.js'
import type { FileSystem, ReadableFile, WritableFile } from '../file-system.js'
import {
  decodeLockRecord,
  encodeLockRecord,
  type LockOwner,
  type LockRecord,
} from './lock-owner.js'
import { lockedError } from './locked-error.js'

export const lockName = 'LOCK'
const claimPrefix = 'LOCK.'
const unpublishedSuffix = '.new'

/** Longest LOCK or claim that is read; a whole record is much shorter. */
const maxRecordBytes = 4096
/** Rounds of waiting for other claims before the lock is reported as contended. */
const maxRounds = 200
const maxBackoffMs = 16

/** Directories held by this thread, by file system and real path. */
const heldHere = new WeakMap<FileSystem, Map<string, LockRecord>>()

/**
 * Makes this thread the owner of a directory. No other thread or process then touches its files.
 * Blocks the thread briefly when other processes try to take over a dead owner's lock at the same
 * time.
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
  if (holder !== undefined) throw lockedError(realPath, 'open', holder, owner.identity)
  const { record, file } = new LockAttempt(fs, realPath, clock, owner).run()
  held.set(realPath, record)
  return new DirectoryLock(fs, realPath, record, file)
}

/**
 * The living owner of a directory, in this process or another; undefined if there is none. Takes no
 * lock and changes nothing. Throws `IO` when LOCK cannot be read.
 */
export function livingOwner(
  fs: FileSystem,
  directory: string,
  owner: LockOwner,
): LockRecord | undefined {
  const realPath = fs.realPath(directory)
  // In files that no other thread can reach, this thread holds the lock or a crash left it.
  if (!fs.sharedWithThreads) return heldIn(fs).get(realPath)
  const found = readRecord(fs, join(realPath, lockName))
  return typeof found === 'object' && owner.isAlive(found) ? found : undefined
}

/**
 * Ownership of a directory.
 *
 * Owned by: the database that opened the directory. Lives: until `release`, or until its process
 * ends for any reason; the next process to acquire the lock takes over a dead owner's lock. A
 * worker thread that ends without `release` leaves the directory locked until its process ends.
 *
 * The lock works between processes on one machine that see each other's process ids. An owner on
 * another machine or in another container that shares the folder is considered dead.
 */
export class DirectoryLock {
  private isHeld = true

  constructor(
    private readonly fs: FileSystem,
    /** The directory, with symbolic links resolved. */
    readonly path: string,
    private readonly record: LockRecord,
    /** LOCK, kept open so that it can be emptied wherever the directory was moved. */
    private readonly file: WritableFile,
  ) {}

  /**
   * Whether LOCK was removed or names another owner, because another program changed it. From then
   * on the directory may belong to another process.
   */
  isLost(): boolean {
    try {
      const found = readRecord(this.fs, join(this.path, lockName))
      return typeof found !== 'object' || found.token !== this.record.token
    } catch {
      // LOCK is unreadable at the moment, which is no proof of another owner.
      return false
    }
  }

  /** Releases the directory, unless it has another owner by now. */
  release(): void {
    assert(this.isHeld, `second release of the lock on ${this.path}`)
    this.isHeld = false
    heldIn(this.fs).delete(this.path)
    const isLost = this.isLost()
    if (isLost) emptyQuietly(this.file)
    this.file.close()
    if (!isLost) this.fs.remove(join(this.path, lockName))
  }
}

/**
 * One attempt to acquire the lock. LOCK holds the owner's record; `LOCK.<token>` is the claim of a
 * process that wants to be the owner. Both appear whole, as a new name for a finished file (the
 * claim's first name ends in `.new`). One without a valid record was therefore damaged by a power
 * loss and has no living owner.
 *
 * A free lock is taken by `link(claim, LOCK)`, which succeeds for only one process. A dead owner's
 * lock is taken by `rename(claim, LOCK)`, which succeeds for all, so it needs a proof:
 *
 * Invariant: between a process's last read of LOCK and its rename, no other process changes LOCK.
 * Each takeover has these steps:
 *
 *     1 publish own claim     2 list the claims: no other living one     3 read LOCK: owner dead
 *     4 rename own claim to LOCK
 *
 * 1. Two processes A and B are never between 2 and 4 at the same time. Suppose B published last.
 *   Then
 *    B lists after A's claim was published and continues only if that claim is gone. If A withdrew
 *    it, A is back before 1. If A renamed it, LOCK named A before B lists. B reads LOCK after
 *    listing, so it finds A, alive. (Reading LOCK before listing is not enough: A might rename in
 *    between.)
 * 2. `link` fails while LOCK exists, and no process removes a dead owner's LOCK.
 * 3. Only its owner removes a LOCK (`release`), and that owner is alive.
 *
 * Of several contenders, those with a higher token withdraw and retry after a random time. The one
 * with the lowest token waits with its claim in place, so one of them makes progress. The new owner
 * removes the claims of dead processes. Removing another process's unpublished claim is harmless:
 * its publication then fails, and its process starts over.
 */
class LockAttempt {
  private readonly record: LockRecord
  private readonly lockPath: string
  private readonly claimPath: string
  private readonly prng: Prng
  /** Current path of the own claim, published or not. */
  private ownFile: string | undefined
  /** The own claim, open. */
  private handle: WritableFile | undefined

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

  run(): HeldRecord {
    try {
      for (let round = 0; round < maxRounds; round++) if (this.tryOnce()) return this.held()
    } finally {
      this.withdraw()
      this.closeClaim()
    }
    const message = `several processes are trying to lock ${this.directory}; try again`
    throw new VarveError('LOCKED', message, { path: this.directory })
  }

  /** LOCK stays open: it is the same file as the claim. */
  private held(): HeldRecord {
    const { record, handle } = this
    assert(handle !== undefined, 'a lock that is held was published')
    this.handle = undefined
    return { record, file: handle }
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

  /** True if LOCK is missing, false if its owner is dead; throws if its owner is alive. */
  private isFree(): boolean {
    const found = readRecord(this.fs, this.lockPath)
    if (found === 'missing') return true
    if (found === 'damaged' || !this.isAlive(found)) return false
    throw lockedError(this.directory, 'open', found, this.owner.identity)
  }

  /** False when another process removed the unfinished claim as a dead one's. */
  private publish(): boolean {
    if (this.ownFile === this.claimPath) return true
    const unpublished = this.claimPath + unpublishedSuffix
    const bytes = encodeLockRecord(this.record)
    this.closeClaim()
    this.handle = this.fs.create(unpublished)
    this.ownFile = unpublished
    this.handle.append(bytes, 0, bytes.length)
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

  /** Removes claims of dead processes. Never throws, because the lock is already held. */
  private removeDeadClaims(): void {
    try {
      this.livingRivals()
    } catch {
      // The next owner tries again.
    }
  }

  /** Tokens of the other living claims. Removes claims of dead processes. */
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

  /** On a file system of this thread alone, a LOCK or claim was left by a crash. */
  private isAlive(record: LockRecord): boolean {
    return this.fs.sharedWithThreads && this.owner.isAlive(record)
  }

  private closeClaim(): void {
    const { handle } = this
    this.handle = undefined
    handle?.close()
  }

  private withdraw(): void {
    if (this.ownFile === undefined) return
    try {
      removeIfThere(this.fs, this.ownFile)
    } catch {
      // Keep the outcome of the attempt. A claim left here is dead once this process ends.
    }
    this.ownFile = undefined
  }
}

interface HeldRecord {
  readonly record: LockRecord
  readonly file: WritableFile
}

/** An empty LOCK has no living owner, wherever its directory was moved. */
function emptyQuietly(file: WritableFile): void {
  try {
    file.truncate(0)
  } catch {
    // The lock then ends with the process.
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
