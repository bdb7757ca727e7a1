import { join } from 'node:path'
import type { Clock } from '../../base/clock.js'
import { isNotFound, VarveError } from '../../base/errors.js'
import type { FileSystem } from '../file-system.js'
import { decodeLockRecord, type LockOwner, type LockRecord } from './lock-owner.js'

const leasePrefix = 'READER.'
const unpublishedSuffix = '.new'

/** Files that a lease names; beyond, it is on everything. */
const maxNames = 1_000_000
/** No lease is longer. */
const maxLeaseBytes = 64 * 1024 * 1024
/** Times that a lease is written again because an owner took it for a dead one's. */
const maxPublications = 10

/** Tokens of the leases of this thread, by the file system they are in. */
const heldHere = new WeakMap<FileSystem, Set<string>>()

/** Which files somebody still reads. */
export type FilesInUse = (name: string) => boolean

/**
 * A file, `READER.<token>`, by which somebody who reads a directory without owning it keeps the owner from
 * removing what he reads: everything, or the files that it names. It is replaced as a whole.
 *
 * No file goes under a reader, whatever the timing:
 *
 *     owner    1 writes an edit that takes a file out    2 reads the leases    3 removes the file,
 *              into the MANIFEST                                                 unless one needs it
 *     reader   a publishes a lease on everything    b reads the MANIFEST    c publishes a lease on the
 *              files that he found there
 *
 * Where the reader at b finds the file, 1 comes after b, and so 2 after a: the owner meets the first lease,
 * or the one of c, and both need the file. To read the MANIFEST again, the reader begins with a.
 *
 * Owned by: a read-only database, or a tool. Lives: until `release`, or until its process ends in whatever
 * way: then the owner removes it. It binds whom the lock binds: processes of one machine that see each
 * other's process ids.
 */
export class ReaderLease {
  private readonly path: string

  /** On everything. Throws `IO` when the directory cannot be written to. */
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

  /** From now on everything is needed. Throws `IO`; then it is as before. */
  widen(): void {
    this.publish('everything')
  }

  /** From now on these files are needed, and no others. Throws `IO`; then it is as before. */
  narrow(names: readonly string[]): void {
    this.publish(names.length > maxNames ? 'everything' : names)
  }

  /** Nothing is needed any more. Never throws: what cannot be removed ends with the process. */
  release(): void {
    heldIn(this.fs).delete(this.record.token)
    try {
      this.fs.remove(this.path)
    } catch {
      // The owner finds it when this process has ended.
    }
  }

  private publish(needs: Lease['needs']): void {
    const bytes = Buffer.from(`${JSON.stringify({ ...this.record, needs })}\n`)
    for (let publication = 1; ; publication++) {
      this.write(this.path + unpublishedSuffix, bytes)
      try {
        this.fs.rename(this.path + unpublishedSuffix, this.path)
        return
      } catch (error) {
        if (!isNotFound(error) || publication === maxPublications) throw error
      }
    }
  }

  private write(path: string, bytes: Buffer): void {
    removeIfThere(this.fs, path)
    const file = this.fs.create(path)
    try {
      file.append(bytes, 0, bytes.length)
    } finally {
      file.close()
    }
  }
}

/**
 * What living readers of a directory need. For its owner, once the edits that take files out are in the
 * MANIFEST; what dead readers left behind is removed. Throws `IO` when the leases cannot be read.
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

/** For the owner, before he changes files in place. Throws `LOCKED` while somebody reads them. */
export function requireNoReaders(fs: FileSystem, directory: string, owner: LockOwner): void {
  const [lease] = livingLeases(fs, directory, owner)
  if (lease === undefined) return
  const { pid, hostname, sinceMs } = lease.record
  const since = new Date(sinceMs).toISOString()
  throw new VarveError(
    'LOCKED',
    `${directory} is being read by process ${pid} on ${hostname} since ${since}; ` +
      'close the database there, or end that process, and try again',
    { path: directory, ownerPid: pid },
  )
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
    // One that is just being written looks damaged, too: its reader notices, and writes it again.
    if (!isAlive) removeIfThere(fs, path)
    else if (!name.endsWith(unpublishedSuffix)) living.push(lease)
  }
  return living
}

/** Files that no other thread reaches have no readers but those of this one. */
function isLiving(fs: FileSystem, record: LockRecord, owner: LockOwner): boolean {
  return fs.sharedWithThreads ? owner.isAlive(record) : heldIn(fs).has(record.token)
}

/** Undefined when it is gone meanwhile. A published one that is damaged was so by a power loss. */
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
