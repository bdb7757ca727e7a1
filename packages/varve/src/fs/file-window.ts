import { assert } from '../base/assert.js'
import { corruption } from '../base/errors.js'
import type { ReadableFile } from './file-system.js'

const pieceBytes = 256 * 1024

/**
 * A range of a file in memory that moves as needed. It grows to the size of a view and shrinks
 * again.
 * Owned by: the reader of the file. Lives: as long as the reader.
 */
export class FileWindow {
  readonly sizeBytes: number
  private buffer = Buffer.allocUnsafeSlow(0)
  private start = 0
  private end = 0

  /** Views end at `limitBytes` or the end of the file, whichever is first. */
  constructor(
    private readonly file: ReadableFile,
    limitBytes = Infinity,
  ) {
    this.sizeBytes = Math.min(file.sizeBytes(), limitBytes)
  }

  /**
   * A view of the bytes [offset, offset + length), valid until the next call. Requires: in the
   * file.
   */
  view(offset: number, length: number): Buffer {
    if (offset < this.start || offset + length > this.end) this.load(offset, length)
    return this.buffer.subarray(offset - this.start, offset - this.start + length)
  }

  /**
   * A view of the loaded bytes from `offset` up to `end`, loading at least `atLeast` of them or all
   * up to `end`. Valid until the next call.
   */
  piece(offset: number, end: number, atLeast: number): Buffer {
    const least = Math.min(atLeast, end - offset)
    if (offset < this.start || offset + least > this.end) this.load(offset, least)
    return this.view(offset, Math.min(end, this.end) - offset)
  }

  private load(offset: number, length: number): void {
    assert(offset >= 0 && offset + length <= this.sizeBytes, 'view outside its file')
    const wanted = Math.max(length, Math.min(pieceBytes, this.sizeBytes - offset))
    const kept = offset >= this.start && offset < this.end ? this.end - offset : 0
    const keptAt = offset - this.start
    const source = this.buffer
    if (source.length < wanted || source.length > 4 * Math.max(wanted, pieceBytes)) {
      this.buffer = Buffer.allocUnsafeSlow(wanted)
    }
    if (kept > 0) source.copy(this.buffer, 0, keptAt, keptAt + kept)
    this.start = offset
    this.end = offset + wanted
    const missing = wanted - kept
    if (this.file.read(this.buffer, kept, missing, offset + kept) !== missing) {
      this.end = offset
      throw corruption(this.file.path, offset + kept, 'file ends before its size')
    }
  }
}
