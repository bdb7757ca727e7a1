/** Longest text that is encoded by a loop; past it the call into C++ pays off. */
const asciiLoopLimit = 40

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

  /** A copy of `bytes`. */
  appendBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  /** The UTF-8 bytes of `text`. */
  appendText(text: string): void {
    if (text.length <= asciiLoopLimit) {
      this.reserve(asciiLoopLimit * 3)
      if (this.appendAscii(text)) return
    } else {
      this.reserveText(text)
    }
    this.length += this.buffer.write(text, this.length, 'utf8')
  }

  /** Writes `text` when it is all ASCII; otherwise leaves `length` alone and says false. */
  private appendAscii(text: string): boolean {
    const { buffer, length: offset } = this
    const count = text.length
    for (let i = 0; i < count; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 128) return false
      buffer[offset + i] = unit
    }
    this.length = offset + count
    return true
  }

  private reserveText(text: string): void {
    // A UTF-16 unit takes at most three bytes. Long texts are measured before memory is taken for them.
    const mostBytes = text.length * 3
    if (this.length + mostBytes <= this.buffer.length) return
    this.reserve(text.length < 4096 ? mostBytes : Buffer.byteLength(text, 'utf8'))
  }

  /** Called when there is no room for `extra` more bytes, and before they are copied. */
  protected grow(extra: number): void {
    const needed = this.length + extra
    // Doubling keeps the copies linear; past 64 MiB it would waste too much memory.
    const step = Math.min(this.buffer.length, 64 * 1024 * 1024)
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length + step))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}
