const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Follows a parser through the bytes that it was given, and knows the line of each position. The
 * parser itself reports where records end, but counts a CRLF in quotes as two lines.
 *
 * Invariant: holds only chunks from the position on.
 */
export class RecordLines {
  /** Line of the position, counted from 1. */
  line = 1
  #position = 0
  #chunks: Buffer[] = []
  /** Of the first chunk: the part before the position. */
  #consumedBytes = 0

  constructor(private readonly lineEnd: '\n' | '\r') {}

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  /** Moves over empty lines, to where the next record starts. */
  skipEmptyLines(): void {
    let byte = this.#peek()
    while (byte === newline || byte === carriageReturn) {
      this.moveTo(this.#position + 1)
      byte = this.#peek()
    }
  }

  /** Moves forward to a position in the bytes of the whole input. */
  moveTo(position: number): void {
    while (this.#position < position && this.#chunks.length > 0) {
      const chunk = this.#chunks[0]
      const start = this.#consumedBytes
      const end = Math.min(chunk.length, start + position - this.#position)
      this.line += this.#countLineEnds(chunk.subarray(start, end))
      this.#position += end - start
      this.#consumedBytes = end
      if (end < chunk.length) return
      this.#chunks.shift()
      this.#consumedBytes = 0
    }
  }

  /** The bytes from the position up to `end`. */
  bytesTo(end: number): Buffer {
    const start = this.#consumedBytes
    const length = end - this.#position
    const parts: Buffer[] = []
    let missing = length + start
    for (const chunk of this.#chunks) {
      parts.push(chunk)
      missing -= chunk.length
      if (missing <= 0) break
    }
    // Most records are within one chunk and are not copied.
    const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    return whole.subarray(start, start + length)
  }

  #peek(): number | undefined {
    return this.#chunks[0]?.[this.#consumedBytes]
  }

  #countLineEnds(bytes: Buffer): number {
    const lineEnd = this.lineEnd === '\n' ? newline : carriageReturn
    let count = 0
    for (let at = bytes.indexOf(lineEnd); at !== -1; at = bytes.indexOf(lineEnd, at + 1)) count++
    return count
  }
}
