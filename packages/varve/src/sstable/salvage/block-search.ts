import { VarintReader } from '../../base/bytes/varint.js'
import type { FileWindow } from '../../fs/file-window.js'
import { maxKeyBytes, maxValueBytes } from '../../key/limits.js'
import { EntryPlace } from '../block/entry-place.js'
import { maxPayloadBytes, trailerBytes } from '../format/table-format.js'

/**
 * Finds the blocks of a table with a lost index by their checksums alone. The next block starts
 * right after a good one and ends where the running checksum of its bytes follows them. If there is
 * no such place, because the block is damaged, the next good block starts at an unknown place. One
 * pass also finds that, using the algebra of CRCs.
 *
 * Let Z be the effect of one zero byte on the CRC register: an invertible linear map. Let R(p) be
 * the register after the bytes up to p, starting with 0, and I = 0xffffffff. The stretch [s, e) is
 * followed by its own checksum c(e) exactly when
 *
 *     R(e) ^ Z^(e−s) (R(s) ^ I)  =  c(e) ^ I
 *
 * and, applying Z^−e to both sides to separate s and e, when A(s) = B(e), where
 *
 *     A(s) = Z^−s (R(s) ^ I)        B(e) = Z^−e (R(e) ^ c(e) ^ I)
 *
 * So the search puts A of every position into a hash table and looks up B of every position in it.
 */
export interface StoredBlock {
  readonly offset: number
  /** Including the trailer. */
  readonly sizeBytes: number
}

/** Checks a stretch with a matching checksum, which one in 2^32 has by chance. */
type IsBlock = (stored: Buffer, offset: number) => boolean

/** Positions searched at the same time for the start of a block. */
const windowBytes = 1024 * 1024
/** Upper bound for a block with several entries or an unknown codec. */
const usualBlockBytes = 2 * 1024 * 1024

/**
 * The blocks in `[start, end)` of the file, in order. `codecIds`: valid ids in a block's trailer.
 */
export function* findBlocks(
  window: FileWindow,
  start: number,
  end: number,
  codecIds: ReadonlySet<number>,
  isBlock: IsBlock,
): Generator<StoredBlock> {
  let offset = start
  while (offset + trailerBytes <= end) {
    const next = blockAt(window, offset, end, codecIds, isBlock)
    if (next !== undefined) {
      yield next
      offset += next.sizeBytes
      continue
    }
    const piece = Buffer.from(window.view(offset, Math.min(windowBytes, end - offset)))
    const found = blocksIn(piece, offset, codecIds, isBlock)
    yield* found
    const last = found.at(-1)
    // A block that crosses the end of this window is inside the one half a window further.
    if (last !== undefined) offset = last.offset + last.sizeBytes
    else offset += piece.length < windowBytes ? windowBytes : windowBytes / 2
  }
}

/** The block that starts at `offset`. */
function blockAt(
  window: FileWindow,
  offset: number,
  fileEnd: number,
  codecIds: ReadonlySet<number>,
  isBlock: IsBlock,
): StoredBlock | undefined {
  const end = Math.min(fileEnd, offset + longestBlock(window, offset, fileEnd))
  let register = initial
  let at = offset
  while (at + 4 < end) {
    const piece = window.piece(at, end, trailerBytes)
    const last = piece.length - 4
    let isSummed = false
    let i = 0
    while (i < last && !isSummed) {
      register = table[(register ^ piece[i]) & 255] ^ (register >>> 8)
      isSummed = (register ^ initial) === piece.readInt32LE(i + 1) && codecIds.has(piece[i])
      i++
    }
    at += i
    const sizeBytes = at + 4 - offset
    if (isSummed && isBlock(window.view(offset, sizeBytes), offset)) return { offset, sizeBytes }
  }
  return undefined
}

/** The blocks in a piece read from `offset`. Of overlapping ones, returns the first. */
function blocksIn(
  piece: Buffer,
  offset: number,
  codecIds: ReadonlySet<number>,
  isBlock: IsBlock,
): StoredBlock[] {
  const found: StoredBlock[] = []
  const places = new PlacesByNumber(piece.length)
  // U = Z^−p R(p), V = Z^−p I, and `unit` = Z^−p of 1, from which the values of all bytes follow.
  let u = 0
  let v = initial
  let unit = 0x80000000 | 0
  for (let p = 0; p + 4 <= piece.length; p++) {
    if (p > 0 && codecIds.has(piece[p - 1])) {
      const wanted = u ^ v ^ multiply(piece.readInt32LE(p), unit)
      for (let s = places.first(wanted); s >= 0; s = places.next()) {
        if (!isBlock(piece.subarray(s, p + 4), offset + s)) continue
        found.push({ offset: offset + s, sizeBytes: p + 4 - s })
      }
    }
    places.add(u ^ v, p)
    u ^= multiply(piece[p], unit)
    v = undoZero(v)
    unit = undoZero(unit)
  }
  return outermost(found)
}

/** Excludes blocks inside other blocks: a value may contain one. */
function outermost(blocks: StoredBlock[]): StoredBlock[] {
  let end = 0
  return blocks
    .sort((a, b) => a.offset - b.offset || b.sizeBytes - a.sizeBytes)
    .filter(({ offset, sizeBytes }) => {
      if (offset < end) return false
      end = offset + sizeBytes
      return true
    })
}

/**
 * Upper bound for a block at `offset`. A block with several entries ends at `blockBytes`; the only
 * entry of a longer one stores its length.
 */
function longestBlock(window: FileWindow, offset: number, fileEnd: number): number {
  const head = window.view(offset, Math.min(64, fileEnd - offset))
  const entry = new EntryPlace()
  const isEntry = entry.decode(head, 0, maxKeyBytes + maxValueBytes + head.length)
  const original = new VarintReader(head).read()
  const claimed = original <= maxPayloadBytes ? original : 0
  return usualBlockBytes + Math.max(isEntry ? entry.valueEnd : 0, claimed)
}

/**
 * Positions by a 32-bit number; several may share one. Half of the slots stay free, so only a
 * crafted file fills `maxProbes` slots in a row. A position without a free slot in that distance is
 * left out.
 */
class PlacesByNumber {
  private readonly shift: number
  private readonly mask: number
  private readonly numbers: Int32Array
  /** Position + 1; 0: free. */
  private readonly places: Int32Array
  private wanted = 0
  private slot = 0
  private probesLeft = 0

  constructor(capacity: number) {
    const bits = Math.ceil(Math.log2(capacity * 2 + 2))
    this.shift = 32 - bits
    this.mask = 2 ** bits - 1
    this.numbers = new Int32Array(2 ** bits)
    this.places = new Int32Array(2 ** bits)
  }

  add(number: number, place: number): void {
    let slot = this.slotOf(number)
    for (let probe = 0; probe < maxProbes; probe++, slot = (slot + 1) & this.mask) {
      if (this.places[slot] !== 0) continue
      this.numbers[slot] = number
      this.places[slot] = place + 1
      return
    }
  }

  /** The first position with the number, or −1. */
  first(number: number): number {
    this.wanted = number
    this.slot = this.slotOf(number)
    this.probesLeft = maxProbes
    return this.next()
  }

  /** Another position with the number passed to `first`, or −1. */
  next(): number {
    while (this.probesLeft > 0 && this.places[this.slot] !== 0) {
      const { slot } = this
      this.slot = (slot + 1) & this.mask
      this.probesLeft--
      if (this.numbers[slot] === this.wanted) return this.places[slot] - 1
    }
    return -1
  }

  private slotOf(number: number): number {
    return Math.imul(number, 0x9e3779b1) >>> this.shift
  }
}

const maxProbes = 256

/** The polynomial of zlib's crc32, with its highest power in the lowest bit. */
const polynomial = 0xedb88320
const initial = 0xffffffff | 0

/** The register after each byte. */
const table = new Int32Array(256)
/** Inverts a zero byte, by the top byte of the register after it. */
const undo = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let register = byte
  for (let bit = 0; bit < 8; bit++) {
    register = register & 1 ? (register >>> 1) ^ polynomial : register >>> 1
  }
  table[byte] = register
  undo[register >>> 24] = (register << 8) | byte
}

/** Z^−1: the register that a zero byte turns into this one. */
function undoZero(register: number): number {
  return (register << 8) ^ undo[register >>> 24]
}

/** Z^−p of `value`, as the product with Z^−p of 1, which is the highest bit. */
function multiply(value: number, unit: number): number {
  let product = 0
  for (let rest = value | 0; rest !== 0; rest <<= 1) {
    if (rest < 0) product ^= unit
    unit = unit & 1 ? (unit >>> 1) ^ polynomial : unit >>> 1
  }
  return product
}
