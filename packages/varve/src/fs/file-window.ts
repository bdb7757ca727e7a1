import { assert } from '../base/assert.js'
import { corruption } from '../base/errors.js'
import type { ReadableFile } from './file-system.js'

const pieceBytes = 256 * 1024

/**
 * A stretch of a file in memory, moved as it is asked for. It grows to what one view needs and
 * shrinks again. Owned by: whoever reads the file. Lives: as long as its reader.
 */
export class FileWindow {
  readonly sizeBytes: number
  private buffer = Buffer.allocUnsafeSlow(0)
  private start = 0
  private end = 0

  /** The file ends for it at `limitBytes`, if not before. */
  constructor(
    private readonly file: ReadableFile,
    limitBytes = Infinity,
  ) {
    this.sizeBytes = Math.min(file.sizeBytes(), limitBytes)
  }

  /** The bytes [offset, offset + length): a view, valid until the next call. Requires: in the file. */
  view(offset: number, length: number): Buffer {
    if (offset < this.start || offset + length > this.end) this.load(offset, length)
    return this.buffer.subarray(offset - this.start, offset - this.start + length)
  }

  /**
   * A view of the bytes from `offset`, as many as are at hand, up to `end`: at least `atLeast`, or up
   * to `end` where that is nearer. Valid until the next call.
   */
  piece(offset: number, end: number, atLeast: number): Buffer {
    const least = Math.min(atLeast, end - offset)
    if (offset < this.start || offset + least > this.end) this.load(offset, least)
    return this.view(offset, Math.min(end, this.end) - offset)
  }

  private load(offset: number, length: number): void {
    assert(offset >= 0 && offset + length <= this.sizeBytes, 'a view lies inside its file')
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
