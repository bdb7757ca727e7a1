/**
 * Bytes that grow at the end. The owner may read and write `buffer[0, length)` freely; `buffer` is
 * replaced when it grows, so nobody keeps it across a `reserve`.
 */
export class ByteSink {
  buffer: Buffer
  length = 0

  constructor(initialBytes = 256) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** Ensures: room for `extra` more bytes behind `length`. */
  reserve(extra: number): void {
    if (this.length + extra > this.buffer.length) this.grow(extra)
  }

  appendBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  private grow(extra: number): void {
    const needed = this.length + extra
    // Doubling keeps the copies linear; past 64 MiB it would waste too much memory.
    const step = Math.min(this.buffer.length, 64 * 1024 * 1024)
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length + step))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}
