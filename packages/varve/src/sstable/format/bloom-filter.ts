import { copyBytes, emptyBytes } from '../../base/bytes/bytes.js'
import { corruption } from '../../base/errors.js'

/**
 * A blocked Bloom filter (Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
 * Filters"): all probes of a key hit one 64-byte line, so that a lookup costs one cache miss. Keys
 * are represented by their 32-bit `hashBytes`.
 *
 *     line 0, 64B │ line 1, 64B │ … │ probes u8          (empty: no filter)
 *
 * The line is ⌊hash × lines / 2^32⌋. Bit p of a line is bit p mod 8 of its byte ⌊p / 8⌋. The probes
 * come from a sequence of 32-bit numbers, x₀ = mix(hash) and xᵢ₊₁ = step(xᵢ); each probe is the top
 * nine bits of one. Filters on disk depend on all of this: never change it.
 */
export class BloomFilter {
  private constructor(
    private readonly bytes: Buffer,
    private readonly lines: number,
    private readonly probes: number,
  ) {}

  /** Views `payload`, without a copy. */
  static decode(payload: Buffer, file: string, fileOffset: number): BloomFilter {
    if (payload.length === 0) return new BloomFilter(payload, 0, 0)
    const lines = (payload.length - 1) / lineBytes
    const probes = payload[payload.length - 1]
    if (lines < 1 || !Number.isInteger(lines) || probes < 1 || probes > maxProbes) {
      throw corruption(file, fileOffset, 'a filter block of an invalid size')
    }
    return new BloomFilter(payload, lines, probes)
  }

  get exists(): boolean {
    return this.lines > 0
  }

  get memoryBytes(): number {
    return this.bytes.length
  }

  /** Returns false if no key with this hash is in the table. Requires: `exists`. */
  mayContain(hash: number): boolean {
    const bytes = this.bytes
    const line = lineStart(hash, this.lines)
    let x = mix(hash)
    for (let i = this.probes; i > 0; i--) {
      const bit = x >>> 23
      if ((bytes[line + (bit >>> 3)] & (1 << (bit & 7))) === 0) return false
      x = step(x)
    }
    return true
  }

  /** The bits that `mayContain` checks, up to the first one that is not set. */
  probesOf(hash: number): FilterProbes {
    const start = lineStart(hash, this.lines)
    const bits: FilterProbes['bits'] = []
    let x = mix(hash)
    for (let i = 0; i < this.probes; i++) {
      const bit = x >>> 23
      const isSet = (this.bytes[start + (bit >>> 3)] & (1 << (bit & 7))) !== 0
      bits.push({ bit, isSet })
      if (!isSet) break
      x = step(x)
    }
    const line = copyBytes(this.bytes.subarray(start, start + lineBytes))
    return { lineIndex: start / lineBytes, lineCount: this.lines, line, bits }
  }
}

/** The steps of a filter for one key. */
export interface FilterProbes {
  /** Number of the 64-byte line that the hash of the key selects. */
  lineIndex: number
  lineCount: number
  /** A copy of the line. */
  line: Uint8Array
  /** The bits of the line that were checked, in this order. One that is not set ends the search. */
  bits: { bit: number; isSet: boolean }[]
}

/** Collects the hashes of a table's distinct keys, and sizes the filter at the end. */
export class BloomFilterBuilder {
  private hashes = new Uint32Array(1024)
  private count = 0

  /** `bitsPerKey` 0 builds no filter. */
  constructor(private readonly bitsPerKey: number) {}

  add(hash: number): void {
    if (this.count === this.hashes.length) {
      const larger = new Uint32Array(this.count * 2)
      larger.set(this.hashes)
      this.hashes = larger
    }
    this.hashes[this.count++] = hash
  }

  /** The payload of the filter block. */
  finish(): Buffer {
    if (this.bitsPerKey === 0 || this.count === 0) return emptyBytes
    const lines = Math.ceil((this.count * this.bitsPerKey) / lineBits)
    const probes = probesFor(this.bitsPerKey)
    const bytes = Buffer.alloc(lines * lineBytes + 1)
    for (let i = 0; i < this.count; i++) {
      const hash = this.hashes[i]
      const line = lineStart(hash, lines)
      let x = mix(hash)
      for (let probe = 0; probe < probes; probe++) {
        const bit = x >>> 23
        bytes[line + (bit >>> 3)] |= 1 << (bit & 7)
        x = step(x)
      }
    }
    bytes[bytes.length - 1] = probes
    return bytes
  }
}

const lineBytes = 64
const lineBits = lineBytes * 8
const maxProbes = 30

/** The best number of probes is bits × ln 2. Rounding down saves time and costs almost nothing. */
export function probesFor(bitsPerKey: number): number {
  return Math.min(maxProbes, Math.max(1, Math.floor(bitsPerKey * Math.LN2)))
}

function lineStart(hash: number, lines: number): number {
  return Math.floor((hash * lines) / 2 ** 32) * lineBytes
}

/** Makes the probes independent of the line, which uses the upper bits of the hash. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
}

/** A linear congruential generator; only its upper bits are used. */
function step(x: number): number {
  return (Math.imul(x, 0x915f77f5) + 0x6d2b79f5) | 0
}
