import { crc32 } from '../../base/bytes/checksum.js'
import { VarveError, corruption } from '../../base/errors.js'
import { type Allocate, noneCodec, type BlockCodec, type CodecRegistry } from './codec.js'
import { maxPayloadBytes, trailerBytes } from '../format/table-format.js'

/**
 * A block as stored in the file:
 *
 *     payload, as encoded by the codec │ codec u8 │ crc32 u32 of payload and codec
 */
export interface PackedBlock {
  /** As encoded by the codec. */
  readonly payload: Buffer
  readonly codecId: number
}

/** Compresses a payload, or stores it unchanged when the codec saves less than an eighth of it. */
export function packBlock(payload: Buffer, codec: BlockCodec): PackedBlock {
  if (codec.id !== noneCodec.id) {
    const packed = codec.compress(payload)
    const isWorthIt = packed.length <= payload.length - payload.length / 8
    if (isWorthIt && packed.length < payload.length) {
      return { payload: packed, codecId: codec.id }
    }
  }
  return { payload, codecId: noneCodec.id }
}

/**
 * Checks a stored block, read from `offset` of `file`, and returns its payload: a view of `stored`
 * when it is not compressed, else perhaps in memory from `allocate`.
 */
export function unpackBlock(
  stored: Buffer,
  codecs: CodecRegistry,
  file: string,
  offset: number,
  allocate: Allocate = allocated,
): Buffer {
  const payloadEnd = stored.length - trailerBytes
  if (payloadEnd < 0) throw corruption(file, offset, 'a block shorter than its trailer')
  if (crc32(stored.subarray(0, payloadEnd + 1)) !== stored.readUInt32LE(payloadEnd + 1)) {
    throw corruption(file, offset, 'wrong checksum of a block')
  }
  const payload = stored.subarray(0, payloadEnd)
  const id = stored[payloadEnd]
  if (id === noneCodec.id) return payload
  const codec = codecs.get(id, file)
  try {
    const original = codec.decompress(payload, maxPayloadBytes, allocate)
    if (original.length <= maxPayloadBytes) return original
    throw new RangeError('a payload longer than the limit')
  } catch (cause) {
    const what = `a block that codec "${codec.name}" cannot unpack`
    throw new VarveError('CORRUPTION', `${what} in ${file} at byte ${offset}`, {
      file,
      offset,
      cause,
    })
  }
}

function allocated(lengthBytes: number): Buffer {
  return Buffer.allocUnsafeSlow(lengthBytes)
}
