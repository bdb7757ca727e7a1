import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { ioError } from '../base/errors.js'
import type { FileSystem, ReadableFile, WritableFile } from './file-system.js'
import { hasFailed, NodeReadableFile, NodeWritableFile } from './node-file.js'
import { makeFolders } from './node-make-folders.js'
import { systemError } from './system-error.js'

/**
 * The operating system's files. Synchronous operations are plain system calls on the calling
 * thread; asynchronous ones run in Node's thread pool.
 *
 * Owned by: no one. It has no state but the queue of removals, and `nodeFileSystem` is the only
 * instance. Lives: as long as the thread.
 */
class NodeFileSystem implements FileSystem {
  readonly sharedWithThreads = true
  /**
   * Removals run one at a time. Several in parallel, each freeing a whole file's memory, can leave
   * the caller without a processor for ten milliseconds.
   */
  private lastRemoval: Promise<void> = Promise.resolve()

  /** Also makes the names of created folders durable, because callers cannot know which are new. */
  makeDirectory(path: string): void {
    for (const folder of makeFolders(path)) this.syncDirectory(dirname(folder))
  }

  list(path: string): string[] {
    return attempt('list', path, () => fs.readdirSync(path))
  }

  exists(path: string): boolean {
    return fs.existsSync(path)
  }

  realPath(path: string): string {
    return attempt('resolve', path, () => fs.realpathSync.native(path))
  }

  openForRead(path: string): ReadableFile {
    const descriptor = open(path, readFlags)
    try {
      requireRegularFile(path, descriptor)
    } catch (error) {
      fs.closeSync(descriptor)
      throw error
    }
    return new NodeReadableFile(path, descriptor)
  }

  create(path: string): WritableFile {
    return new NodeWritableFile(path, open(path, 'wx', 'create'), 0)
  }

  openForAppend(path: string): WritableFile {
    const descriptor = open(path, 'r+')
    try {
      return new NodeWritableFile(path, descriptor, fs.fstatSync(descriptor).size)
    } catch (cause) {
      fs.closeSync(descriptor)
      throw ioError('get the size of', path, cause)
    }
  }

  rename(from: string, to: string): void {
    attempt('rename', from, () => fs.renameSync(from, to))
  }

  link(existing: string, name: string): void {
    attempt('link', name, () => fs.linkSync(existing, name))
  }

  remove(path: string): void {
    attempt('remove', path, () => fs.unlinkSync(path))
  }

  removeDirectory(path: string): void {
    attempt('remove folder', path, () => fs.rmdirSync(path))
  }

  removeAsync(path: string): Promise<void> {
    const removal = this.lastRemoval.then(() => removeFile(path))
    this.lastRemoval = removal.catch(() => {})
    return removal
  }

  syncDirectory(path: string): void {
    if (!canSyncDirectories) return
    const descriptor = open(path, 'r')
    try {
      fs.fsyncSync(descriptor)
    } catch (cause) {
      if (!cannotSyncThisDirectory(cause)) throw ioError('sync folder', path, cause)
    } finally {
      fs.closeSync(descriptor)
    }
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    if (!canSyncDirectories) return
    const descriptor = open(path, 'r')
    try {
      await new Promise<void>((settle, fail) => {
        fs.fsync(descriptor, (cause) => {
          if (hasFailed(cause) && !cannotSyncThisDirectory(cause)) {
            fail(ioError('sync folder', path, cause))
          } else settle()
        })
      })
    } finally {
      fs.closeSync(descriptor)
    }
  }

  freeBytes(path: string): number {
    return attempt('get the free space at', path, () => {
      const device = fs.statfsSync(path)
      return device.bavail * device.bsize
    })
  }
}

export const nodeFileSystem = new NodeFileSystem()

function removeFile(path: string): Promise<void> {
  return new Promise((settle, fail) => {
    fs.unlink(path, (cause) => {
      if (hasFailed(cause)) fail(ioError('remove', path, cause))
      else settle()
    })
  })
}

/** Windows cannot open a folder as a file. Its file systems journal name changes themselves. */
const canSyncDirectories = process.platform !== 'win32'

/** Some network file systems return this error; nothing better can be done on them. */
function cannotSyncThisDirectory(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException
  return code === 'EINVAL' || code === 'ENOTSUP'
}

/** Does not wait for a writer if the file is a pipe. */
const readFlags = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0)

/** Rejects a pipe or device in a database directory, because reading one may never end. */
function requireRegularFile(path: string, descriptor: number): void {
  const isFile = attempt('get the type of', path, () => fs.fstatSync(descriptor).isFile())
  if (!isFile) throw systemError('open as a file', path, 'EINVAL')
}

function open(path: string, flags: string | number, operation = 'open'): number {
  try {
    return fs.openSync(path, flags)
  } catch (cause) {
    throw ioError(operation, path, cause)
  }
}

/** For operations off the hot paths, where a closure costs nothing. */
function attempt<T>(operation: string, path: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw ioError(operation, path, cause)
  }
}
