import { VarintReader, varintLength, writeVarint } from '../../base/bytes/varint.js'
import { lz4For } from '../lz4/lz4-for.js'
import type { BlockCodec } from './block-codec.js'

/** An LZ4 block expands to at most this many times its length: one byte adds at most 255. */
const maxRatio = 255

/** An LZ4 block after the original length as a varint. */
export const lz4Codec: BlockCodec = newLz4Codec('lz4', false)

/** The same format, from an encoder that searches longer. */
export const lz4hcCodec: BlockCodec = newLz4Codec('lz4hc', true)

function newLz4Codec(name: string, isStrong: boolean): BlockCodec {
  return {
    id: 2,
    name,
    compress(bytes) {
      const maxBytes = bytes.length - (bytes.length >>> 3)
      const headerBytes = varintLength(bytes.length)
      const packed = lz4For(bytes.length).compress(bytes, maxBytes, isStrong, headerBytes)
      // Returned unchanged, the block is stored unchanged.
      if (packed === undefined) return bytes
      writeVarint(packed, 0, bytes.length)
      return packed
    },
    decompress(bytes, maxBytes, allocate) {
      const reader = new VarintReader(bytes)
      const length = reader.read()
      if (reader.failed || length > maxBytes || length > bytes.length * maxRatio) {
        throw new RangeError('an LZ4 block with an invalid length')
      }
      const original = allocate(length)
      const lz4 = lz4For(Math.max(length, bytes.length))
      if (lz4.decompress(bytes.subarray(reader.offset), original)) return original
      throw new RangeError('an LZ4 block that is damaged')
    },
  }
}
