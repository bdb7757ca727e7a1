import { resolve } from 'node:path'
import type { CrashFate } from './crash-fate.js'
import type { FileSystem, ReadableFile, WritableFile } from '../file-system.js'
import { MemoryDirectory, type MemoryNode } from './memory-directory.js'
import { MemoryFile, MemoryReadableFile, MemoryWritableFile } from './memory-file.js'
import { systemError } from '../system-error.js'

/**
 * Files in memory that track which changes were synced, so that a test can compute at any time what
 * a crash would leave. Has one thread, no symbolic links, and unlimited space.
 *
 * A crash creates a new file system. The old one and its open handles continue to work, like a
 * process that has not noticed the loss of its machine.
 *
 * Not modelled: after a crash, two names of one file in different folders refer to different files.
 */
export class MemoryFileSystem implements FileSystem {
  readonly sharedWithThreads: boolean = false
  private root = new MemoryDirectory()

  /** The files after a power loss now. All of them are durable in the clone. */
  crashClone(fate: CrashFate): MemoryFileSystem {
    const clone = new MemoryFileSystem()
    clone.root = this.root.afterPowerLoss(fate)
    return clone
  }

  /**
   * The files after the process is killed: everything written, with the unsynced part still at
   * risk.
   */
  processCrashClone(): MemoryFileSystem {
    const clone = new MemoryFileSystem()
    clone.root = this.root.afterProcessCrash()
    return clone
  }

  /** Makes a sync of the file fail: see `MemoryFile.failSync`. */
  failSync(path: string, fate: CrashFate): void {
    this.fileAt('sync', path).failSync(fate)
  }

  makeDirectory(path: string): void {
    let directory = this.root
    for (const name of partsOf(path)) {
      const node = directory.get(name) ?? directory.addDirectory(name)
      if (node instanceof MemoryFile) throw systemError('create folder', path, 'EEXIST')
      directory = node
    }
  }

  list(path: string): string[] {
    return this.directoryAt('list', path, partsOf(path)).list()
  }

  exists(path: string): boolean {
    return this.find(partsOf(path)) !== undefined
  }

  realPath(path: string): string {
    const parts = partsOf(path)
    if (this.find(parts) === undefined) throw systemError('resolve', path, 'ENOENT')
    return `/${parts.join('/')}`
  }

  openForRead(path: string): ReadableFile {
    return new MemoryReadableFile(path, this.fileAt('open', path))
  }

  create(path: string): WritableFile {
    const { directory, name } = this.place('create', path)
    if (directory.get(name) !== undefined) throw systemError('create', path, 'EEXIST')
    const file = new MemoryFile()
    directory.change({ set: { name, node: file } })
    return new MemoryWritableFile(path, file)
  }

  openForAppend(path: string): WritableFile {
    return new MemoryWritableFile(path, this.fileAt('open', path))
  }

  /** A rename between two folders is two changes; a power loss may keep only one. */
  rename(from: string, to: string): void {
    const node = this.find(partsOf(from))
    if (node === undefined) throw systemError('rename', from, 'ENOENT')
    const source = this.place('rename', from)
    const target = this.place('rename', to)
    const replaced = target.directory.get(target.name)
    if (node instanceof MemoryDirectory && replaced !== undefined) {
      throw systemError('rename', from, 'ENOTEMPTY')
    }
    if (replaced instanceof MemoryDirectory) throw systemError('rename', from, 'EISDIR')
    if (replaced === node) return // POSIX: two names of one file, nothing to do.
    if (source.directory === target.directory) {
      source.directory.change({ removed: source.name, set: { name: target.name, node } })
    } else {
      target.directory.change({ set: { name: target.name, node } })
      source.directory.change({ removed: source.name })
    }
  }

  link(existing: string, name: string): void {
    const file = this.fileAt('link', existing)
    const target = this.place('link', name)
    if (target.directory.get(target.name) !== undefined) throw systemError('link', name, 'EEXIST')
    target.directory.change({ set: { name: target.name, node: file } })
  }

  remove(path: string): void {
    this.fileAt('remove', path)
    const { directory, name } = this.place('remove', path)
    directory.change({ removed: name })
  }

  removeDirectory(path: string): void {
    const removed = this.directoryAt('remove folder', path, partsOf(path))
    if (removed.list().length > 0) throw systemError('remove folder', path, 'ENOTEMPTY')
    const { directory, name } = this.place('remove folder', path)
    directory.change({ removed: name })
  }

  /** Removes immediately, so that the order of operations does not depend on the event loop. */
  removeAsync(path: string): Promise<void> {
    return new Promise((settle) => settle(this.remove(path)))
  }

  syncDirectory(path: string): void {
    this.directoryAt('sync folder', path, partsOf(path)).sync()
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    await Promise.resolve()
    this.syncDirectory(path)
  }

  freeBytes(path: string): number {
    if (!this.exists(path)) throw systemError('get the free space at', path, 'ENOENT')
    return Number.MAX_SAFE_INTEGER
  }

  private fileAt(operation: string, path: string): MemoryFile {
    const node = this.find(partsOf(path))
    if (node === undefined) throw systemError(operation, path, 'ENOENT')
    if (node instanceof MemoryDirectory) throw systemError(operation, path, 'EISDIR')
    return node
  }

  private place(operation: string, path: string): { directory: MemoryDirectory; name: string } {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw systemError(operation, path, 'EISDIR')
    return { directory: this.directoryAt(operation, path, parts), name }
  }

  private directoryAt(operation: string, path: string, parts: readonly string[]): MemoryDirectory {
    const node = this.find(parts)
    if (node === undefined) throw systemError(operation, path, 'ENOENT')
    if (node instanceof MemoryFile) throw systemError(operation, path, 'ENOTDIR')
    return node
  }

  private find(parts: readonly string[]): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.root
    for (const name of parts) {
      if (!(node instanceof MemoryDirectory)) return undefined
      node = node.get(name)
    }
    return node
  }
}

function partsOf(path: string): string[] {
  return resolve(path)
    .split(/[\\/]/)
    .filter((part) => part !== '')
}
