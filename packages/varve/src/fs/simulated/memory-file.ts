import { assert } from '../../base/assert.js'
import { copyBytes } from '../../base/bytes/bytes.js'
import {
  applyContentChange,
  settleContent,
  type ContentChange,
  type CrashFate,
} from './crash-fate.js'
import type { ReadableFile, WritableFile } from '../file-system.js'
import { GrowingBytes } from './growing-bytes.js'

/**
 * One file in memory, whatever names it has, with the history needed to compute the effect of a
 * power loss.
 *
 * Owned by: the names and open handles that refer to it. Lives: until the last of them is gone.
 * Invariant: `synced` with `unsynced` applied in order is `content`, unless a sync failed.
 */
export class MemoryFile {
  private content = new GrowingBytes()
  private synced = new GrowingBytes()
  private unsynced: ContentChange[] = []
  private syncedChanges = 0
  private syncFailed = false

  get sizeBytes(): number {
    return this.content.sizeBytes
  }

  /** A view, valid until the next change. */
  view(): Uint8Array {
    return this.content.view()
  }

  change(change: ContentChange): void {
    applyContentChange(this.content, change)
    this.unsynced.push(change)
  }

  /** All changes so far. A sync that starts now makes them durable. */
  get changeCount(): number {
    return this.syncedChanges + this.unsynced.length
  }

  /** Makes the first `changeCount` changes durable. */
  sync(changeCount = this.changeCount): void {
    const done = this.unsynced.splice(0, Math.max(0, changeCount - this.syncedChanges))
    if (this.unsynced.length === 0 && !this.syncFailed) this.synced = this.content.clone()
    else for (const change of done) applyContentChange(this.synced, change)
    this.syncedChanges += done.length
  }

  /**
   * Simulates a failed sync. All bytes stay readable and count as written, but only those chosen by
   * the fate are on disk, and no later sync writes the rest.
   */
  failSync(fate: CrashFate): void {
    settleContent(this.synced, this.unsynced, fate)
    this.syncedChanges += this.unsynced.length
    this.unsynced = []
    this.syncFailed = true
  }

  afterPowerLoss(fate: CrashFate): MemoryFile {
    const file = new MemoryFile()
    file.synced = this.synced.clone()
    settleContent(file.synced, this.unsynced, fate)
    file.content = file.synced.clone()
    return file
  }

  afterProcessCrash(): MemoryFile {
    const file = new MemoryFile()
    file.content = this.content.clone()
    file.synced = this.synced.clone()
    file.unsynced = [...this.unsynced]
    file.syncFailed = this.syncFailed
    return file
  }
}

abstract class MemoryHandle {
  private isOpen = true

  constructor(
    readonly path: string,
    protected readonly file: MemoryFile,
  ) {}

  close(): void {
    this.assertOpen()
    this.isOpen = false
  }

  protected assertOpen(): void {
    assert(this.isOpen, `${this.path} is used after it was closed`)
  }
}

export class MemoryReadableFile extends MemoryHandle implements ReadableFile {
  sizeBytes(): number {
    this.assertOpen()
    return this.file.sizeBytes
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.assertOpen()
    assert(targetOffset + length <= target.length, 'read past the end of the target')
    const found = this.file.view().subarray(position, position + length)
    target.set(found, targetOffset)
    return found.length
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    const came = this.read(target, targetOffset, length, position)
    await Promise.resolve()
    return came
  }
}

export class MemoryWritableFile extends MemoryHandle implements WritableFile {
  private size: number

  constructor(path: string, file: MemoryFile) {
    super(path, file)
    this.size = file.sizeBytes
  }

  get sizeBytes(): number {
    return this.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.assertOpen()
    assert(0 <= start && start <= end && end <= bytes.length, 'append of bytes outside the buffer')
    if (start === end) return
    this.file.change({ kind: 'write', position: this.size, bytes: copyBytes(bytes, start, end) })
    this.size += end - start
  }

  truncate(sizeBytes: number): void {
    this.assertOpen()
    assert(sizeBytes <= this.size, 'truncate to a larger size')
    this.file.change({ kind: 'truncate', sizeBytes })
    this.size = sizeBytes
  }

  reserve(sizeBytes: number): void {
    this.assertOpen()
    assert(sizeBytes >= this.size, 'reserve of less than the size')
    this.file.change({ kind: 'truncate', sizeBytes })
  }

  rewrite(bytes: Uint8Array, position: number): void {
    this.assertOpen()
    assert(position + bytes.length <= this.size, 'rewrite of unwritten bytes')
    this.file.change({ kind: 'write', position, bytes: copyBytes(bytes, 0, bytes.length) })
  }

  sync(): void {
    this.assertOpen()
    this.file.sync()
  }

  /** Durable only when the promise settles, so that a crash may happen before. */
  async syncAsync(): Promise<void> {
    this.assertOpen()
    const changeCount = this.file.changeCount
    await Promise.resolve()
    this.file.sync(changeCount)
  }
}
