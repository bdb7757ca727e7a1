/** The content of a file in memory: bytes that grow at the end, zero where nothing was written. */
export class GrowingBytes {
  private buffer = Buffer.alloc(0)
  private size = 0

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
    this.buffer.set(bytes, position)
  }

  /** Invariant: the bytes behind `size` are zero, so that growing shows zeroes. */
  resize(sizeBytes: number): void {
    if (sizeBytes > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(sizeBytes, 2 * this.buffer.length))
      larger.set(this.view())
      this.buffer = larger
    }
    if (sizeBytes < this.size) this.buffer.fill(0, sizeBytes, this.size)
    this.size = sizeBytes
  }

  clone(): GrowingBytes {
    const copy = new GrowingBytes()
    copy.buffer = Buffer.from(this.view())
    copy.size = this.size
    return copy
  }
}
