import { emptyBytes } from '../../base/bytes/bytes.js'
import type { Lz4 } from './lz4.js'

const minMatch = 4
const windowBytes = 65_536
/** No match starts in the last 12 bytes, and the last 5 are literals: both are rules of LZ4. */
const matchStartMargin = 12
const literalMargin = 5
const hashBits = 13
/** The search moves on faster with each 64 places in a row without a match. */
const searchesPerStep = 6
/** A larger output is not kept for the next call. */
const keptBytes = 1024 * 1024

/**
 * LZ4 in TypeScript, for blocks of any length and for runtimes without WebAssembly. See
 * wasm/lz4.ts for the format. Its strong encoder is the fast one.
 *
 * Owned by: the thread. Lives: as long as the thread.
 */
export class ScriptLz4 implements Lz4 {
  readonly maxBytes = Infinity
  /** Position + 1 of the last place with each hash; 0: none. */
  private readonly places = new Uint32Array(1 << hashBits)
  private output = emptyBytes
  private end = 0
  private limit = 0

  compress(
    bytes: Uint8Array,
    maxBytes: number,
    _isStrong: boolean,
    headerBytes: number,
  ): Buffer | undefined {
    const found = this.fill(bytes, maxBytes, headerBytes)
    const compressed = found ? this.output.subarray(0, this.end) : undefined
    if (this.output.length > keptBytes) this.output = emptyBytes
    return compressed
  }

  decompress(bytes: Uint8Array, into: Uint8Array): boolean {
    const inputEnd = bytes.length
    const outputEnd = into.length
    let input = 0
    let output = 0
    while (input < inputEnd) {
      const token = bytes[input++]
      let length = token >>> 4
      if (length === 15) {
        let byte: number
        do {
          if (input >= inputEnd) return false
          byte = bytes[input++]
          length += byte
        } while (byte === 255)
      }
      const literalsEnd = input + length
      if (literalsEnd > inputEnd || output + length > outputEnd) return false
      if (length > 24) {
        into.set(bytes.subarray(input, literalsEnd), output)
        output += length
        input = literalsEnd
      } else while (input < literalsEnd) into[output++] = bytes[input++]
      if (input === inputEnd) return output === outputEnd
      if (inputEnd - input < 2) return false
      const offset = bytes[input] | (bytes[input + 1] << 8)
      input += 2
      if (offset === 0 || offset > output) return false
      length = token & 15
      if (length === 15) {
        let byte: number
        do {
          if (input >= inputEnd) return false
          byte = bytes[input++]
          length += byte
        } while (byte === 255)
      }
      const end = output + length + minMatch
      if (end > outputEnd) return false
      let from = output - offset
      if (length > 60 && end - output <= offset) into.copyWithin(output, from, from + end - output)
      else for (let to = output; to < end;) into[to++] = into[from++]
      output = end
    }
    return false
  }

  /** Compresses into `output`, up to `end`. False: the output is full. */
  private fill(bytes: Uint8Array, maxBytes: number, headerBytes: number): boolean {
    const { places } = this
    this.limit = headerBytes + maxBytes
    if (this.output.length < this.limit) this.output = Buffer.allocUnsafeSlow(this.limit)
    this.end = headerBytes
    places.fill(0)
    const lastStart = bytes.length - matchStartMargin
    const matchEnd = bytes.length - literalMargin
    let anchor = 0
    let searches = 1 << searchesPerStep
    for (let at = 0; at <= lastStart;) {
      const word = wordAt(bytes, at)
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
      let earlier = places[slot] - 1
      places[slot] = at + 1
      if (earlier < 0 || at - earlier >= windowBytes || wordAt(bytes, earlier) !== word) {
        at += searches++ >>> searchesPerStep
        continue
      }
      searches = 1 << searchesPerStep
      let end = at + minMatch
      for (let from = earlier + minMatch; end < matchEnd && bytes[end] === bytes[from]; from++)
        end++
      while (at > anchor && earlier > 0 && bytes[at - 1] === bytes[earlier - 1]) {
        at--
        earlier--
      }
      if (!this.putSequence(bytes, anchor, at, at - earlier, end - at)) return false
      anchor = at = end
    }
    return this.putSequence(bytes, anchor, bytes.length, 0, minMatch)
  }

  /** Appends literals and, unless the offset is 0, a match. False: the output is full. */
  private putSequence(
    bytes: Uint8Array,
    anchor: number,
    at: number,
    offset: number,
    length: number,
  ): boolean {
    const { output } = this
    const literals = at - anchor
    const rest = length - minMatch
    const longest = 5 + literals + Math.floor(literals / 255) + Math.floor(rest / 255)
    if (this.end + longest - (offset === 0 ? 2 : 0) > this.limit) return false
    output[this.end++] = (Math.min(literals, 15) << 4) | Math.min(rest, 15)
    this.putLength(literals)
    if (literals > 24) output.set(bytes.subarray(anchor, at), this.end)
    else for (let from = anchor, to = this.end; from < at;) output[to++] = bytes[from++]
    this.end += literals
    if (offset === 0) return true
    output[this.end++] = offset & 255
    output[this.end++] = offset >>> 8
    this.putLength(rest)
    return true
  }

  /** Appends what a length of 15 or more has beyond the token. */
  private putLength(length: number): void {
    if (length < 15) return
    let rest = length - 15
    for (; rest >= 255; rest -= 255) this.output[this.end++] = 255
    this.output[this.end++] = rest
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}
