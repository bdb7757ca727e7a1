import * as fs from 'node:fs'
import { assert } from '../base/assert.js'
import { ioError } from '../base/errors.js'
import type { ReadableFile, WritableFile } from './file-system.js'

/** Most bytes asked of one system call; Node refuses 2 GiB and more. */
const maxCallBytes = 1024 * 1024 * 1024

/**
 * A file descriptor and the rule for giving it back.
 *
 * Owned by: who opened the file. Lives: until `close`.
 * Invariants:
 * 1. Closed once; a second `close`, or a use after it, is a programmer error.
 * 2. While an asynchronous operation is under way the descriptor stays open, so that its number
 *    cannot come to mean another file; a `close` meanwhile takes effect when the last one is done.
 */
abstract class NodeFile {
  private isOpen = true
  private running = 0

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
      this.running--
      if (this.running === 0 && !this.isOpen) this.closeDescriptors()
    }
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
    return this.whileOpen('read', async () => {
      let done = 0
      while (done < length) {
        const asked = Math.min(length - done, maxCallBytes)
        const came = await this.readOnce(target, targetOffset + done, asked, position + done)
        if (came === 0) break
        done += came
      }
      return done
    })
  }

  private readOnce(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return new Promise((settle, fail) => {
      fs.read(this.descriptor, target, targetOffset, length, position, (cause, came) => {
        if (hasFailed(cause)) fail(cause)
        else settle(came)
      })
    })
  }
}

/**
 * Writes at explicit positions instead of in append mode, so that what a failed append left behind
 * `sizeBytes` is never built upon.
 *
 * Invariant: a sync and one in the background that run at the same time have a descriptor each. Linux
 * tells each descriptor of a file once that its pages could not be written; of two syncs on one
 * descriptor, the second would succeed.
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
    assert(0 <= start && start <= end && end <= bytes.length, 'append of bytes that are not there')
    try {
      writeAt(this.descriptor, bytes, start, end, this.size)
    } catch (cause) {
      throw ioError('write', this.path, cause)
    }
    this.size += end - start
  }

  truncate(sizeBytes: number): void {
    this.assertOpen()
    assert(sizeBytes <= this.size, 'truncate makes a file longer')
    try {
      fs.ftruncateSync(this.descriptor, sizeBytes)
    } catch (cause) {
      throw ioError('truncate', this.path, cause)
    }
    this.size = sizeBytes
  }

  reserve(sizeBytes: number): void {
    this.assertOpen()
    assert(sizeBytes >= this.size, 'reserving makes a file shorter')
    try {
      fs.ftruncateSync(this.descriptor, sizeBytes)
    } catch (cause) {
      throw ioError('extend', this.path, cause)
    }
  }

  rewrite(bytes: Uint8Array, position: number): void {
    this.assertOpen()
    assert(position + bytes.length <= this.size, 'rewriting bytes that were not written')
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

  /** After a failed sync the system may have dropped the bytes, and the next one would lie. */
  private assertSyncable(): void {
    assert(!this.syncFailed, `sync of ${this.path} after a sync of it failed`)
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

  /** Undefined when it cannot be: the name may belong to another file by now. */
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

/** What a callback of `node:fs` got; without an error it is null in Node, and undefined in Deno. */
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
    // The descriptor is free all the same, and nothing was to become durable by closing.
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
