import * as fs from 'node:fs'
import { assert } from '../base/assert.js'
import { ioError } from '../base/errors.js'
import type { ReadableFile, WritableFile } from './file-system.js'

/** Most bytes per system call; Node refuses 2 GiB and more. */
const maxCallBytes = 1024 * 1024 * 1024

/**
 * A file descriptor and the rule for closing it.
 *
 * Owned by: the code that opened the file. Lives: until `close`.
 * Invariants:
 * 1. Closed once. A second `close` or a later use is a programmer error.
 * 2. The descriptor stays open during an asynchronous operation, so that its number cannot be
 *   reused
 *    for another file. A `close` in between takes effect when the last operation ends.
 */
abstract class NodeFile {
  private isOpen = true
  protected running = 0

  constructor(
    readonly path: string,
    protected readonly descriptor: number,
  ) {}

  close(): void {
    this.assertOpen()
    this.isOpen = false
    if (this.running === 0) this.closeDescriptors()
  }

  protected assertOpen(): void {
    assert(this.isOpen, `${this.path} is used after it was closed`)
  }

  protected async whileOpen<T>(operation: string, run: () => Promise<T>): Promise<T> {
    this.assertOpen()
    this.running++
    try {
      return await run()
    } catch (cause) {
      throw ioError(operation, this.path, cause)
    } finally {
      this.ended()
    }
  }

  /** An operation that was counted in `running` has ended. */
  protected ended(): void {
    this.running--
    if (this.running === 0 && !this.isOpen) this.closeDescriptors()
  }

  protected closeDescriptors(): void {
    closeQuietly(this.descriptor)
  }
}

export class NodeReadableFile extends NodeFile implements ReadableFile {
  sizeBytes(): number {
    this.assertOpen()
    try {
      return fs.fstatSync(this.descriptor).size
    } catch (cause) {
      throw ioError('get the size of', this.path, cause)
    }
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.assertOpen()
    let done = 0
    try {
      while (done < length) {
        const asked = Math.min(length - done, maxCallBytes)
        const came = fs.readSync(
          this.descriptor,
          target,
          targetOffset + done,
          asked,
          position + done,
        )
        if (came === 0) break
        done += came
      }
    } catch (cause) {
      throw ioError('read', this.path, cause)
    }
    return done
  }

  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    this.assertOpen()
    this.running++
    return new Promise((settle, fail) => {
      let done = 0
      const readOn = (): void => {
        const asked = Math.min(length - done, maxCallBytes)
        fs.read(this.descriptor, target, targetOffset + done, asked, position + done, arrived)
      }
      const arrived = (cause: Error | null, came: number): void => {
        if (!hasFailed(cause)) {
          done += came
          if (came > 0 && done < length) return readOn()
        }
        this.ended()
        if (hasFailed(cause)) fail(ioError('read', this.path, cause))
        else settle(done)
      }
      readOn()
    })
  }
}

/**
 * Writes at explicit positions instead of in append mode, so that the next append overwrites bytes
 * that a failed one left after `sizeBytes`.
 *
 * Invariant: a sync and a concurrent background sync use separate descriptors. Linux reports a
 * failed page write once per descriptor, so the second of two syncs on one descriptor would
 * succeed.
 */
export class NodeWritableFile extends NodeFile implements WritableFile {
  private size: number
  private syncFailed = false
  private syncDescriptor: number | undefined

  constructor(path: string, descriptor: number, sizeBytes: number) {
    super(path, descriptor)
    this.size = sizeBytes
  }

  get sizeBytes(): number {
    return this.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.assertOpen()
    assert(0 <= start && start <= end && end <= bytes.length, 'append of bytes outside the buffer')
    try {
      writeAt(this.descriptor, bytes, start, end, this.size)
    } catch (cause) {
      throw ioError('write', this.path, cause)
    }
    this.size += end - start
  }

  truncate(sizeBytes: number): void {
    this.assertOpen()
    assert(sizeBytes <= this.size, 'truncate to a larger size')
    try {
      fs.ftruncateSync(this.descriptor, sizeBytes)
    } catch (cause) {
      throw ioError('truncate', this.path, cause)
    }
    this.size = sizeBytes
  }

  reserve(sizeBytes: number): void {
    this.assertOpen()
    assert(sizeBytes >= this.size, 'reserve of less than the size')
    try {
      fs.ftruncateSync(this.descriptor, sizeBytes)
    } catch (cause) {
      throw ioError('extend', this.path, cause)
    }
  }

  rewrite(bytes: Uint8Array, position: number): void {
    this.assertOpen()
    assert(position + bytes.length <= this.size, 'rewrite of unwritten bytes')
    try {
      writeAt(this.descriptor, bytes, 0, bytes.length, position)
    } catch (cause) {
      throw ioError('write', this.path, cause)
    }
  }

  sync(): void {
    this.assertOpen()
    this.assertSyncable()
    try {
      fs.fdatasyncSync(this.descriptor)
    } catch (cause) {
      this.syncFailed = true
      throw ioError('sync', this.path, cause)
    }
  }

  syncAsync(): Promise<void> {
    this.assertOpen()
    this.assertSyncable()
    this.syncDescriptor ??= this.openAgain()
    return this.whileOpen('sync', () => this.syncOnce())
  }

  protected override closeDescriptors(): void {
    super.closeDescriptors()
    if (this.syncDescriptor !== undefined) closeQuietly(this.syncDescriptor)
  }

  /**
   * After a failed sync the system may have dropped the bytes, and the next sync would still
   * succeed.
   */
  private assertSyncable(): void {
    assert(!this.syncFailed, `sync of ${this.path} after a failed sync`)
  }

  private syncOnce(): Promise<void> {
    return new Promise((settle, fail) => {
      const done = (cause: Error | null): void => {
        if (!hasFailed(cause)) return settle()
        this.syncFailed = true
        fail(cause)
      }
      if (this.syncDescriptor !== undefined) fs.fdatasync(this.syncDescriptor, done)
      else done(attempt(() => fs.fdatasyncSync(this.descriptor)))
    })
  }

  /** Returns undefined if it fails, since the name may now belong to another file. */
  private openAgain(): number | undefined {
    let again: number | undefined
    const failure = attempt(() => {
      again = fs.openSync(this.path, 'r+')
      const [first, second] = [fs.fstatSync(this.descriptor), fs.fstatSync(again)]
      if (first.ino !== second.ino || first.dev !== second.dev) throw new Error('another file')
    })
    if (failure === null) return again
    if (again !== undefined) closeQuietly(again)
    return undefined
  }
}

/** For callbacks of `node:fs`: without an error, `cause` is null in Node and undefined in Deno. */
export function hasFailed(cause: Error | null | undefined): cause is Error {
  return cause != null
}

function writeAt(
  descriptor: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  position: number,
): void {
  for (let at = start; at < end;) {
    const asked = Math.min(end - at, maxCallBytes)
    const written = fs.writeSync(descriptor, bytes, at, asked, position + at - start)
    if (written <= 0) throw new Error(`wrote ${written} of ${asked} bytes`)
    at += written
  }
}

function closeQuietly(descriptor: number): void {
  try {
    fs.closeSync(descriptor)
  } catch {
    // The descriptor is free in any case, and closing is not meant to make anything durable.
  }
}

function attempt(run: () => void): Error | null {
  try {
    run()
    return null
  } catch (error) {
    return error as Error
  }
}
