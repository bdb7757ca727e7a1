import { emptyBytes } from '../../base/bytes/bytes.js'

/**
 * The content of a file in memory: bytes that grow at the end, with zeros where nothing was
 * written. A clone shares the bytes until either changes, so that a test can try a crash at every
 * step.
 */
export class GrowingBytes {
  private buffer = emptyBytes
  private size = 0
  private isShared = false

  get sizeBytes(): number {
    return this.size
  }

  /** A view, valid until the next change. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.size)
  }

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length
    if (end > this.size) this.resize(end)
    else this.own(this.size)
    this.buffer.set(bytes, position)
  }

  /** Invariant: the bytes after `size` are zero, so that growing adds zeros. */
  resize(sizeBytes: number): void {
    this.own(sizeBytes)
    if (sizeBytes < this.size) this.buffer.fill(0, sizeBytes, this.size)
    this.size = sizeBytes
  }

  clone(): GrowingBytes {
    const copy = new GrowingBytes()
    copy.buffer = this.buffer
    copy.size = this.size
    copy.isShared = this.isShared = true
    return copy
  }

  /** Ensures: `sizeBytes` fit into a buffer that is not shared. */
  private own(sizeBytes: number): void {
    const isLarger = sizeBytes > this.buffer.length
    if (!isLarger && !this.isShared) return
    const old = this.view()
    this.buffer = Buffer.alloc(Math.max(sizeBytes, isLarger ? 2 * old.length : old.length))
    this.buffer.set(old)
    this.isShared = false
  }
}
