import type { FileWindow } from '../../fs/file-window.js'
import { maxKeyBytes, maxValueBytes } from '../../key/limits.js'
import { EntryPlace } from '../block/entry-place.js'
import { trailerBytes } from '../format/table-format.js'

/**
 * Finds the blocks of a table whose index is lost, by their checksums alone. Behind a good block the
 * next one begins, and ends where the running checksum of its bytes stands stored behind them. Where
 * that leads nowhere, because the block is damaged, the next good one begins at an unknown place; it is
 * found in one pass as well, thanks to the algebra of CRCs.
 *
 * Let Z be what one zero byte does to the register of the CRC: a linear map that can be undone. Let
 * R(p) be the register after the bytes up to p, begun with 0, and I = 0xffffffff. The stretch [s, e) is
 * followed by its own checksum c(e) exactly when
 *
 *     R(e) ^ Z^(e−s) (R(s) ^ I)  =  c(e) ^ I
 *
 * and, with Z^e undone on both sides so that s and e come apart, when A(s) = B(e), where
 *
 *     A(s) = Z^−s (R(s) ^ I)        B(e) = Z^−e (R(e) ^ c(e) ^ I)
 *
 * So the A of every place goes into a hash table, and every place asks for its B there.
 */
export interface StoredBlock {
  readonly offset: number
  /** The trailer included. */
  readonly sizeBytes: number
}

/** What the caller says of a stretch that holds its checksum, which one in 2^32 does by chance. */
export type IsBlock = (stored: Buffer, offset: number) => boolean

/** Places that are held at once in search of the beginning of a block. */
const windowBytes = 1024 * 1024
/** A block with several entries, or of an unknown codec, is not longer than this. */
const usualBlockBytes = 2 * 1024 * 1024

/** The blocks in `[start, end)` of the file, in order. `codecIds`: what a block's trailer may name. */
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
    // Half a window further, what reached out of this one lies inside of the next.
    if (last !== undefined) offset = last.offset + last.sizeBytes
    else offset += piece.length < windowBytes ? windowBytes : windowBytes / 2
  }
}

/** The block that begins at `offset`. */
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

/** The blocks inside a piece that was read from `offset`; of those that overlap, the one that begins first. */
function blocksIn(
  piece: Buffer,
  offset: number,
  codecIds: ReadonlySet<number>,
  isBlock: IsBlock,
): StoredBlock[] {
  const found: StoredBlock[] = []
  const places = new PlacesByNumber(piece.length)
  // U = Z^−p R(p), V = Z^−p I, and `unit` = Z^−p of 1, from which those of other bytes follow.
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

/** A value may hold a block: what lies inside of another one is none of the table's. */
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
 * No block that begins at `offset` is longer: a block with more than one entry ends at `blockBytes`, and
 * the only entry of a longer one says how long it is.
 */
function longestBlock(window: FileWindow, offset: number, fileEnd: number): number {
  const head = window.view(offset, Math.min(64, fileEnd - offset))
  const entry = new EntryPlace()
  const mayBe = entry.decode(head, 0, maxKeyBytes + maxValueBytes + head.length)
  if (!mayBe) return usualBlockBytes
  return usualBlockBytes + entry.valueEnd
}

/**
 * Places by a 32-bit number; several may have the same. Half of the slots stay free, so that a row of
 * taken ones as long as `maxProbes` is the work of somebody who wants to keep us busy: what has no
 * slot within it is left out.
 */
class PlacesByNumber {
  private readonly shift: number
  private readonly mask: number
  private readonly numbers: Int32Array
  /** Place + 1; 0: free. */
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

  /** The first place with the number, or −1. */
  first(number: number): number {
    this.wanted = number
    this.slot = this.slotOf(number)
    this.probesLeft = maxProbes
    return this.next()
  }

  /** Another place with the number that `first` was asked for, or −1. */
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

/** The polynomial of zlib's crc32, its highest power in the lowest bit. */
const polynomial = 0xedb88320
const initial = 0xffffffff | 0

/** Of each byte, the register after it. */
const table = new Int32Array(256)
/** Undoes a zero byte: by the top byte of the register after it. */
const undo = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let register = byte
  for (let bit = 0; bit < 8; bit++) {
    register = register & 1 ? (register >>> 1) ^ polynomial : register >>> 1
  }
  table[byte] = register
  undo[register >>> 24] = (register << 8) | byte
}

/** Z^−1: the register that a zero byte turned into this one. */
function undoZero(register: number): number {
  return (register << 8) ^ undo[register >>> 24]
}

/** Z^−p of `value`, by the product with Z^−p of 1, which is the highest bit. */
function multiply(value: number, unit: number): number {
  let product = 0
  for (let rest = value | 0; rest !== 0; rest <<= 1) {
    if (rest < 0) product ^= unit
    unit = unit & 1 ? (unit >>> 1) ^ polynomial : unit >>> 1
  }
  return product
}
