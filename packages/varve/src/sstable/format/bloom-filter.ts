import { copyBytes, emptyBytes } from '../../base/bytes/bytes.js'
import { corruption } from '../../base/errors.js'
import { hashBytes } from '../../base/bytes/hash.js'
import { keyedHash } from '../../base/bytes/keyed-hash.js'
import { readU64, writeU64 } from '../../base/bytes/u64.js'

/**
 * A blocked Bloom filter (Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
 * Filters"): all probes of a key hit one 64-byte line, so that a lookup costs one cache miss. Keys
 * are represented by a 32-bit hash: `keyedHash` under the secret of the filter, so that a client
 * cannot compute keys that pass it, or `hashBytes` in a filter without a secret.
 *
 *     line 0, 64B │ line 1, 64B │ … │ [secret u64] │ probes u8          (empty: no filter)
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
    /** 0: none. */
    readonly secret: number,
  ) {}

  /** Views `payload`, without a copy. */
  static decode(payload: Buffer, file: string, fileOffset: number): BloomFilter {
    if (payload.length === 0) return new BloomFilter(payload, 0, 0, 0)
    const lines = Math.floor(payload.length / lineBytes)
    const probes = payload[payload.length - 1]
    const hasSecret = payload.length % lineBytes === secretBytes + 1
    const isWhole = hasSecret || payload.length % lineBytes === 1
    if (lines < 1 || !isWhole || probes < 1 || probes > maxProbes) {
      throw corruption(file, fileOffset, 'a filter block of an invalid size')
    }
    const secret = hasSecret ? readU64(payload, lines * lineBytes) : 0
    if (secret > Number.MAX_SAFE_INTEGER || (hasSecret && secret === 0)) {
      throw corruption(file, fileOffset, 'a filter block with an invalid secret')
    }
    return new BloomFilter(payload, lines, probes, secret)
  }

  get exists(): boolean {
    return this.lines > 0
  }

  get memoryBytes(): number {
    return this.bytes.length
  }

  /** The hash that represents a key in this filter. */
  hashOf(key: Uint8Array, start: number, end: number): number {
    const { secret } = this
    return secret === 0 ? hashBytes(key, start, end) : keyedHash(key, start, end, secret)
  }

  /** Returns false if no key with this `hashOf` is in the table. Requires: `exists`. */
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

  /** `bitsPerKey` 0 builds no filter; `secret` 0 means that it has none. */
  constructor(
    private readonly bitsPerKey: number,
    private readonly secret = 0,
  ) {}

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
    const { secret } = this
    const bytes = Buffer.alloc(lines * lineBytes + (secret === 0 ? 0 : secretBytes) + 1)
    if (secret !== 0) writeU64(bytes, lines * lineBytes, secret)
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
const secretBytes = 8

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
