import { join } from 'node:path'
import type { Clock } from '../../base/clock.js'
import { isNotFound } from '../../base/errors.js'
import type { FileSystem, WritableFile } from '../file-system.js'
import { decodeLockRecord, type LockOwner, type LockRecord } from './lock-owner.js'
import { lockedError } from './locked-error.js'

const leasePrefix = 'READER.'
const unpublishedSuffix = '.new'

/** Most files that a lease names. A lease on more files covers everything. */
const maxNames = 1_000_000
/** Longer than any lease. */
const maxLeaseBytes = 64 * 1024 * 1024
/** Attempts to publish a lease when owners remove it before it is complete. */
const maxPublications = 10

/** Tokens of this thread's leases, by file system. */
const heldHere = new WeakMap<FileSystem, Set<string>>()

/** Whether a reader still needs a file. */
export type FilesInUse = (name: string) => boolean

/**
 * A file, `READER.<token>`, by which a reader that does not own a directory keeps the owner from
 * removing the files it reads: everything, or the files that the lease names. It is replaced as a
 * whole.
 *
 * No file is removed while a reader needs it, whatever the timing:
 *
 *     owner    1 writes an edit that drops a file    2 reads the leases    3 removes the file,
 *              to the MANIFEST                                               unless it is needed
 *     reader   a publishes a lease on everything    b reads the MANIFEST    c publishes a lease on
 *                                                                         the files that it names
 *
 * If the reader finds the file at b, then 1 is later than b, and so 2 is later than a. The owner
 * finds the lease of a or of c, and both cover the file. To read the MANIFEST again, the reader
 * starts at a.
 *
 * Owned by: a read-only database, or a tool. Lives: until `release`, or until its process ends for
 * any reason; the owner then removes it. A lease has the scope of the lock: processes on one
 * machine that see each other's process ids.
 */
export class ReaderLease {
  private readonly path: string
  /**
   * The last published file, kept open so that it can be emptied even after the directory was
   * moved.
   */
  private file: WritableFile | undefined

  /** Covers everything. Throws `IO` when the directory is not writable. */
  static take(fs: FileSystem, directory: string, clock: Clock, owner: LockOwner): ReaderLease {
    const token = clock.uniqueToken()
    const record = { ...owner.identity, token, sinceMs: clock.wallMs() }
    const lease = new ReaderLease(fs, directory, record)
    lease.publish('everything')
    heldIn(fs).add(token)
    return lease
  }

  private constructor(
    private readonly fs: FileSystem,
    directory: string,
    private readonly record: LockRecord,
  ) {
    this.path = join(directory, leasePrefix + record.token)
  }

  /** Covers everything from now on. Throws `IO`; the lease is then unchanged. */
  widen(): void {
    this.publish('everything')
  }

  /** Covers only these files from now on. Throws `IO`; the lease is then unchanged. */
  narrow(names: readonly string[]): void {
    this.publish(names.length > maxNames ? 'everything' : names)
  }

  /** Ends the lease. Never throws: a file that cannot be removed expires with the process. */
  release(): void {
    heldIn(this.fs).delete(this.record.token)
    try {
      // An empty lease is a dead one.
      this.file?.truncate(0)
      this.fs.remove(this.path)
    } catch {
      // The owner removes it, at the latest after this process has ended.
    } finally {
      this.file?.close()
      this.file = undefined
    }
  }

  private publish(needs: Lease['needs']): void {
    const bytes = Buffer.from(`${JSON.stringify({ ...this.record, needs })}\n`)
    for (let publication = 1; ; publication++) {
      const file = this.write(this.path + unpublishedSuffix, bytes)
      try {
        this.fs.rename(this.path + unpublishedSuffix, this.path)
        this.file?.close()
        this.file = file
        return
      } catch (error) {
        file.close()
        if (!isNotFound(error) || publication === maxPublications) throw error
      }
    }
  }

  private write(path: string, bytes: Buffer): WritableFile {
    removeIfThere(this.fs, path)
    const file = this.fs.create(path)
    try {
      file.append(bytes, 0, bytes.length)
      return file
    } catch (error) {
      file.close()
      throw error
    }
  }
}

/**
 * Returns which files living readers of a directory need, and removes leases of dead readers.
 * Requires: the caller owns the directory, and the edits that drop files are in the MANIFEST.
 * Throws `IO` when the leases cannot be read.
 */
export function filesInUse(fs: FileSystem, directory: string, owner: LockOwner): FilesInUse {
  const needed = new Set<string>()
  let everything = false
  for (const { needs } of livingLeases(fs, directory, owner)) {
    if (needs === 'everything') everything = true
    else for (const name of needs) needed.add(name)
  }
  return (name) => everything || needed.has(name)
}

/**
 * Throws `LOCKED` while a process reads the files. The owner calls it before it changes files in
 * place.
 */
export function requireNoReaders(fs: FileSystem, directory: string, owner: LockOwner): void {
  const [lease] = livingLeases(fs, directory, owner)
  if (lease === undefined) return
  throw lockedError(directory, 'being read', lease.record, owner.identity)
}

interface Lease {
  readonly record: LockRecord
  readonly needs: readonly string[] | 'everything'
}

function livingLeases(fs: FileSystem, directory: string, owner: LockOwner): Lease[] {
  const living: Lease[] = []
  for (const name of fs.list(directory)) {
    if (!name.startsWith(leasePrefix)) continue
    const path = join(directory, name)
    const lease = readLease(fs, path)
    if (lease === undefined) continue
    const isAlive = lease !== 'damaged' && isLiving(fs, lease.record, owner)
    // A lease that is being written also looks damaged. Its reader notices and writes it again.
    if (!isAlive) removeIfThere(fs, path)
    else if (!name.endsWith(unpublishedSuffix)) living.push(lease)
  }
  return living
}

/** On a file system of this thread alone, only this thread's readers are alive. */
function isLiving(fs: FileSystem, record: LockRecord, owner: LockOwner): boolean {
  return fs.sharedWithThreads ? owner.isAlive(record) : heldIn(fs).has(record.token)
}

/** Undefined if it has been removed meanwhile. Only a power loss damages a published lease. */
function readLease(fs: FileSystem, path: string): Lease | 'damaged' | undefined {
  try {
    const file = fs.openForRead(path)
    try {
      const bytes = Buffer.alloc(Math.min(file.sizeBytes(), maxLeaseBytes))
      return decodeLease(bytes.subarray(0, file.read(bytes, 0, bytes.length, 0)))
    } finally {
      file.close()
    }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function decodeLease(bytes: Buffer): Lease | 'damaged' {
  const record = decodeLockRecord(bytes)
  if (record === undefined) return 'damaged'
  const { needs } = record as LockRecord & { needs?: unknown }
  return { record, needs: isListOfNames(needs) ? needs : 'everything' }
}

function isListOfNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function heldIn(fs: FileSystem): Set<string> {
  const held = heldHere.get(fs) ?? new Set<string>()
  heldHere.set(fs, held)
  return held
}

function removeIfThere(fs: FileSystem, path: string): void {
  try {
    fs.remove(path)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
