import type { WritableFile } from '../fs/file-system.js'

/** Size of the pieces that go to the file: large enough to make the system call vanish. */
const pieceBytes = 512 * 1024

/**
 * Gathers what a table writer puts out into large appends.
 *
 * Owned by: one TableWriter. Lives: until the file is written. The caller syncs and closes the file.
 */
export class AppendBuffer {
  private readonly piece = Buffer.allocUnsafeSlow(pieceBytes)
  private length = 0

  constructor(private readonly file: WritableFile) {}

  /** Bytes put out so far, whether they have reached the file or not. */
  get sizeBytes(): number {
    return this.file.sizeBytes + this.length
  }

  /** Requires: `bytes` may be used again when this returns. */
  append(bytes: Buffer): void {
    if (this.length + bytes.length > pieceBytes) this.flush()
    if (bytes.length > pieceBytes) this.file.append(bytes, 0, bytes.length)
    else this.length += bytes.copy(this.piece, this.length)
  }

  flush(): void {
    if (this.length === 0) return
    this.file.append(this.piece, 0, this.length)
    this.length = 0
  }
}
