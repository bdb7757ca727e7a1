// The bytes of a data block, field by field, as docs/formats/sstable.md describes them.

/** A field, or a group of fields. Offsets count from the start of the block. */
export interface Field {
  readonly start: number
  readonly end: number
  readonly name: string
  readonly text: string
}

/** An entry of the block. */
export interface BlockEntry {
  readonly start: number
  readonly end: number
  readonly kind: 'delete' | 'put' | 'put with expiry'
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** Above the base sequence of the table. */
  readonly sequenceDelta: number
  readonly expiresAtMs?: number
  readonly fields: readonly Field[]
}

/** A block, or why it cannot be explained. */
export type BlockLayout =
  | {
      readonly isReadable: true
      readonly entries: readonly BlockEntry[]
      /** What follows the entries. */
      readonly tail: readonly Field[]
    }
  | { readonly isReadable: false; readonly reason: string }

const kinds: Readonly<Record<number, BlockEntry['kind']>> = {
  0: 'delete',
  1: 'put',
  4: 'put with expiry',
}
const trailerBytes = 5
const countBytes = 4
const expiryBytes = 6
const wideFlag = 2 ** 31

/** Explains a stored block with its trailer. */
export function explainBlock(bytes: Uint8Array): BlockLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const payloadEnd = bytes.length - trailerBytes
  if (payloadEnd < countBytes) return unreadable('The block is too short.')
  const codec = bytes[payloadEnd]
  if (codec !== 0) return unreadable(`The block is compressed, by codec ${codec}.`)
  const stored = view.getUint32(payloadEnd - countBytes, true)
  const isWide = stored >= wideFlag
  const count = isWide ? stored - wideFlag : stored
  const offsetBytes = isWide ? 4 : 2
  const offsetsStart = payloadEnd - countBytes - count * offsetBytes
  const hashesStart = offsetsStart - count
  if (hashesStart < 0) return unreadable('Its count of entries does not fit the block.')
  const entries: BlockEntry[] = []
  for (let i = 0; i < count; i++) {
    const at = offsetsStart + i * offsetBytes
    const start = isWide ? view.getUint32(at, true) : view.getUint16(at, true)
    const entry = readEntry(bytes, start, hashesStart)
    if (entry === undefined) return unreadable(`Entry ${i} exceeds the block.`)
    entries.push(entry)
  }
  const checksum = view
    .getUint32(payloadEnd + 1, true)
    .toString(16)
    .padStart(8, '0')
  const tail: Field[] = [
    {
      start: hashesStart,
      end: offsetsStart,
      name: 'hashes',
      text: 'one byte of the hash of each key: a lookup compares only entries with an equal one',
    },
    {
      start: offsetsStart,
      end: payloadEnd - countBytes,
      name: 'offsets',
      text: `where each entry begins, u${offsetBytes * 8} each: what a binary search jumps by`,
    },
    { start: payloadEnd - countBytes, end: payloadEnd, name: 'count', text: `${count} entries` },
    { start: payloadEnd, end: payloadEnd + 1, name: 'codec', text: 'none: stored as it is' },
    {
      start: payloadEnd + 1,
      end: bytes.length,
      name: 'checksum',
      text: `CRC-32 of all before it, 0x${checksum}`,
    },
  ]
  return { isReadable: true, entries, tail }
}

function readEntry(bytes: Uint8Array, start: number, limit: number): BlockEntry | undefined {
  const kind = kinds[bytes[start]]
  const keyLength = readVarint(bytes, start + 1)
  const valueLength = readVarint(bytes, keyLength.end)
  const sequence = readVarint(bytes, valueLength.end)
  const keyEnd = sequence.end + keyLength.value
  const end = keyEnd + valueLength.value
  if (kind === undefined || !(end <= limit)) return undefined
  const expires = kind === 'put with expiry' && valueLength.value >= expiryBytes
  const expiresAtMs = expires ? readUint48(bytes, keyEnd) : undefined
  const valueStart = keyEnd + (expires ? expiryBytes : 0)
  const field = (from: number, to: number, name: string, text: string): Field => ({
    start: from,
    end: to,
    name,
    text,
  })
  const fields = [
    field(start, start + 1, 'kind', `${bytes[start]}: ${kind}`),
    field(start + 1, keyLength.end, 'key length', `varint ${keyLength.value}`),
    field(keyLength.end, valueLength.end, 'value length', `varint ${valueLength.value}`),
    field(valueLength.end, sequence.end, 'sequence', `base + varint ${sequence.value}`),
    field(sequence.end, keyEnd, 'key', ''),
    ...(expiresAtMs === undefined
      ? []
      : [field(keyEnd, valueStart, 'expiry', `u48, ${new Date(expiresAtMs).toISOString()}`)]),
    ...(end > valueStart ? [field(valueStart, end, 'value', '')] : []),
  ]
  return {
    start,
    end,
    kind,
    key: bytes.subarray(sequence.end, keyEnd),
    value: bytes.subarray(valueStart, end),
    sequenceDelta: sequence.value,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    fields,
  }
}

/** Unsigned LEB128. A broken one ends in NaN, which no limit admits. */
function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes[start + i]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, end: start + i + 1 }
  }
  return { value: NaN, end: NaN }
}

function readUint48(bytes: Uint8Array, start: number): number {
  let value = 0
  for (let i = expiryBytes - 1; i >= 0; i--) value = value * 256 + bytes[start + i]
  return value
}

function unreadable(reason: string): BlockLayout {
  return { isReadable: false, reason }
}
