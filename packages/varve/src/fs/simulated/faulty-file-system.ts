import { assert } from '../../base/assert.js'
import type { VarveError } from '../../base/errors.js'
import type { FileSystem, ReadableFile, WritableFile } from '../file-system.js'
import { systemError } from '../system-error.js'

/** The operations of a file system and its files. */
export type OperationKind =
  | Exclude<keyof FileSystem, 'sharedWithThreads' | 'syncDirectoryAsync'>
  | Exclude<keyof ReadableFile, 'path' | 'readAsync'>
  | Exclude<keyof WritableFile, 'path' | 'syncAsync'>

/** An operation. Asynchronous ones have the kind of their synchronous form. */
export interface FileOperation {
  readonly kind: OperationKind
  /** The file or folder; for `rename` and `link` the existing name. */
  readonly path: string
  /** The new name, for `rename` and `link`. */
  readonly to?: string
  /** Length of a `read` or `append`; the new size for `truncate`. */
  readonly bytes?: number
  /** Counts from 0 for each file system. */
  readonly index: number
}

/** How an operation fails. */
export interface Fault {
  /** An operating system error code, such as `ENOSPC` or `EIO`. */
  readonly systemCode: string
  /** For `append`: bytes written before it fails. */
  readonly shortWriteBytes?: number
}

/**
 * A file system that fails on demand.
 *
 * Owned by: the test.
 * Invariants:
 * 1. A failed operation does not reach the inner file system, except for the bytes of an append
 *   that a
 *    short write lets through.
 * 2. After a failed append, no append before `truncate`; after a failed sync, no sync. An assertion
 *    fails otherwise, because the caller breaks the contract.
 * 3. Closing is counted and never fails.
 */
export class FaultyFileSystem implements FileSystem {
  /** As in the inner file system. A thread that opens the files itself sees no faults. */
  readonly sharedWithThreads: boolean
  /** The operations so far, while recording. */
  readonly trace: FileOperation[] = []
  isRecording = false
  operationCount = 0

  constructor(
    private readonly inner: FileSystem,
    /** Called before each operation; may be replaced at any time. */
    public faultFor: (operation: FileOperation) => Fault | undefined = () => undefined,
  ) {
    this.sharedWithThreads = inner.sharedWithThreads
  }

  makeDirectory(path: string): void {
    this.begin('makeDirectory', path)
    this.inner.makeDirectory(path)
  }

  list(path: string): string[] {
    this.begin('list', path)
    return this.inner.list(path)
  }

  exists(path: string): boolean {
    this.begin('exists', path)
    return this.inner.exists(path)
  }

  realPath(path: string): string {
    this.begin('realPath', path)
    return this.inner.realPath(path)
  }

  openForRead(path: string): ReadableFile {
    this.begin('openForRead', path)
    return new FaultyReadableFile(this, this.inner.openForRead(path))
  }

  create(path: string): WritableFile {
    this.begin('create', path)
    return new FaultyWritableFile(this, this.inner.create(path))
  }

  openForAppend(path: string): WritableFile {
    this.begin('openForAppend', path)
    return new FaultyWritableFile(this, this.inner.openForAppend(path))
  }

  rename(from: string, to: string): void {
    this.begin('rename', from, { to })
    this.inner.rename(from, to)
  }

  link(existing: string, name: string): void {
    this.begin('link', existing, { to: name })
    this.inner.link(existing, name)
  }

  remove(path: string): void {
    this.begin('remove', path)
    this.inner.remove(path)
  }

  removeDirectory(path: string): void {
    this.begin('removeDirectory', path)
    this.inner.removeDirectory(path)
  }

  removeAsync(path: string): Promise<void> {
    return new Promise((settle) => {
      this.begin('remove', path)
      settle(this.inner.removeAsync(path))
    })
  }

  syncDirectory(path: string): void {
    this.begin('syncDirectory', path)
    this.inner.syncDirectory(path)
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    this.begin('syncDirectory', path)
    await this.inner.syncDirectoryAsync(path)
  }

  freeBytes(path: string): number {
    this.begin('freeBytes', path)
    return this.inner.freeBytes(path)
  }

  /** Counts an operation and throws its fault, if any. */
  begin(kind: OperationKind, path: string, details: { to?: string; bytes?: number } = {}): void {
    const fault = this.ask(kind, path, details)
    if (fault !== undefined) throw systemError(kind, path, fault.systemCode)
  }

  /** Counts an operation and returns its fault, if any. */
  ask(
    kind: OperationKind,
    path: string,
    details: { to?: string; bytes?: number } = {},
  ): Fault | undefined {
    const operation: FileOperation = { kind, path, ...details, index: this.operationCount++ }
    if (this.isRecording) this.trace.push(operation)
    return this.faultFor(operation)
  }
}

class FaultyReadableFile implements ReadableFile {
  readonly path: string

  constructor(
    private readonly faults: FaultyFileSystem,
    private readonly inner: ReadableFile,
  ) {
    this.path = inner.path
  }

  sizeBytes(): number {
    this.faults.begin('sizeBytes', this.path)
    return this.inner.sizeBytes()
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.faults.begin('read', this.path, { bytes: length })
    return this.inner.read(target, targetOffset, length, position)
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    this.faults.begin('read', this.path, { bytes: length })
    return this.inner.readAsync(target, targetOffset, length, position)
  }

  close(): void {
    this.inner.close()
    this.faults.ask('close', this.path)
  }
}

class FaultyWritableFile implements WritableFile {
  readonly path: string
  private size: number
  private syncFailed = false
  /** Fault of the background sync in progress, if it will fail. */
  private failing: Fault | undefined

  constructor(
    private readonly faults: FaultyFileSystem,
    private readonly inner: WritableFile,
  ) {
    this.path = inner.path
    this.size = inner.sizeBytes
  }

  get sizeBytes(): number {
    return this.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    assert(this.inner.sizeBytes === this.size, `append to ${this.path} after a failed append`)
    const fault = this.faults.ask('append', this.path, { bytes: end - start })
    if (fault === undefined) {
      this.inner.append(bytes, start, end)
      this.size = this.inner.sizeBytes
      return
    }
    const written = Math.min(fault.shortWriteBytes ?? 0, end - start)
    this.inner.append(bytes, start, start + written)
    throw systemError('write', this.path, fault.systemCode)
  }

  truncate(sizeBytes: number): void {
    assert(sizeBytes <= this.size, 'truncate to a larger size')
    this.faults.begin('truncate', this.path, { bytes: sizeBytes })
    this.inner.truncate(sizeBytes)
    this.size = sizeBytes
  }

  reserve(sizeBytes: number): void {
    this.faults.begin('reserve', this.path, { bytes: sizeBytes })
    this.inner.reserve(sizeBytes)
  }

  rewrite(bytes: Uint8Array, position: number): void {
    this.faults.begin('rewrite', this.path, { bytes: bytes.length })
    this.inner.rewrite(bytes, position)
  }

  /** Also throws the fault of a background sync in progress. */
  sync(): void {
    const fault = this.failing ?? this.askForSync()
    if (fault !== undefined) throw this.syncFails(fault)
    this.inner.sync()
  }

  /** Fails later, as a disk would, not immediately. */
  async syncAsync(): Promise<void> {
    const fault = this.askForSync()
    if (fault === undefined) return this.inner.syncAsync()
    this.failing = fault
    await Promise.resolve()
    this.failing = undefined
    throw this.syncFails(fault)
  }

  close(): void {
    this.inner.close()
    this.faults.ask('close', this.path)
  }

  private askForSync(): Fault | undefined {
    assert(!this.syncFailed, `sync of ${this.path} after a failed sync`)
    return this.faults.ask('sync', this.path)
  }

  private syncFails({ systemCode }: Fault): VarveError {
    this.syncFailed = true
    return systemError('sync', this.path, systemCode)
  }
}
