/** Longest text, in UTF-16 units, that a loop encodes; above it a call into C++ is faster. */
const loopLimit = 40

/**
 * A byte buffer that grows at the end. The owner may read and write `buffer[0, length)` freely.
 * `reserve` may replace `buffer`, so do not keep a reference across it.
 */
export class ByteSink {
  buffer: Buffer
  length = 0

  constructor(initialBytes = 256) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** Ensures: space for `extra` more bytes after `length`. */
  reserve(extra: number): void {
    if (this.length + extra > this.buffer.length) this.grow(extra)
  }

  /** Appends a copy of `bytes`. */
  appendBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  /**
   * Appends the UTF-8 bytes of `text`, or nothing if it throws.
   *
   * @throws TypeError for a lone surrogate: UTF-8 has no bytes for it, so different texts would
   * become the same bytes
   */
  appendText(text: string): void {
    if (this.appendShort(text)) return
    const start = this.length
    this.appendByRuntime(text)
    // ASCII has one byte for each UTF-16 unit, and no surrogates.
    if (this.length - start === text.length || text.isWellFormed()) return
    this.length = start
    throw loneSurrogate(text)
  }

  /** Like `appendText`, with U+FFFD in place of each lone surrogate, as in `Buffer.from`. */
  appendLossyText(text: string): void {
    if (!this.appendShort(text)) this.appendByRuntime(text)
  }

  /** Appends `text` if it is short and has no surrogates; otherwise leaves `length` unchanged. */
  private appendShort(text: string): boolean {
    const count = text.length
    if (count > loopLimit) return false
    this.reserve(loopLimit * 3)
    const { buffer, length: offset } = this
    for (let i = 0; i < count; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 128) return this.appendShortFrom(text, i)
      buffer[offset + i] = unit
    }
    this.length = offset + count
    return true
  }

  /** Continues after `first` ASCII units, which are written but not yet counted in `length`. */
  private appendShortFrom(text: string, first: number): boolean {
    const { buffer } = this
    const count = text.length
    let at = this.length + first
    for (let i = first; i < count; i++) {
      const unit = text.charCodeAt(i)
      if (unit < 0x80) {
        buffer[at++] = unit
        continue
      }
      if (unit < 0x800) {
        buffer[at++] = 0xc0 | (unit >> 6)
      } else {
        if ((unit & 0xf800) === 0xd800) return false
        buffer[at++] = 0xe0 | (unit >> 12)
        buffer[at++] = 0x80 | ((unit >> 6) & 0x3f)
      }
      buffer[at++] = 0x80 | (unit & 0x3f)
    }
    this.length = at
    return true
  }

  private appendByRuntime(text: string): void {
    this.reserveText(text)
    this.length += this.buffer.write(text, this.length, 'utf8')
  }

  private reserveText(text: string): void {
    // A UTF-16 unit takes at most three bytes. Long texts are measured before memory is allocated.
    const mostBytes = text.length * 3
    if (this.length + mostBytes <= this.buffer.length) return
    this.reserve(text.length < 4096 ? mostBytes : Buffer.byteLength(text, 'utf8'))
  }

  /** Called before `extra` bytes are appended that do not fit in the buffer. */
  protected grow(extra: number): void {
    const needed = this.length + extra
    // Doubling keeps the copies linear; past 64 MiB it would waste too much memory.
    const step = Math.min(this.buffer.length, 64 * 1024 * 1024)
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length + step))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}

function loneSurrogate(text: string): TypeError {
  const index = text.search(/\p{Surrogate}/u)
  const unit = text.charCodeAt(index).toString(16)
  return new TypeError(
    `the lone surrogate \\u${unit} at index ${index} has no UTF-8 (toWellFormed() replaces it)`,
  )
}
