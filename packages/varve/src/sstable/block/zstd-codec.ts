import * as zlib from 'node:zlib'
import { VarintReader, varintLength, writeVarint } from '../../base/bytes/varint.js'
import type { BlockCodec } from './block-codec.js'

/** What `node:zlib` has from Node 22.15 on; other runtimes may lack it. */
interface ZstdModule {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: object) => Buffer
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Buffer
  readonly constants: { readonly ZSTD_c_compressionLevel?: number }
}

export const zstdName = 'zstd'
export const zstdId = 3

/** zstd's own default. */
const level = 3

/** The highest ratio of zstd: a block of up to 128 KiB takes at least 4 bytes. */
const maxRatio = 32_768

/** A zstd frame (RFC 8878) after the original length as a varint; undefined where it is missing. */
export const zstdCodec: BlockCodec | undefined = newZstdCodec(zlib as unknown as ZstdModule)

function newZstdCodec({
  zstdCompressSync,
  zstdDecompressSync,
  constants,
}: ZstdModule): BlockCodec | undefined {
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return undefined
  const options = { params: { [constants.ZSTD_c_compressionLevel ?? 0]: level } }
  return {
    id: zstdId,
    name: zstdName,
    compress(bytes) {
      const length = Buffer.allocUnsafe(varintLength(bytes.length))
      writeVarint(length, 0, bytes.length)
      return Buffer.concat([length, zstdCompressSync(bytes, options)])
    },
    decompress(bytes, maxBytes) {
      const reader = new VarintReader(bytes)
      const length = reader.read()
      if (reader.failed || length > maxBytes || length > bytes.length * maxRatio) {
        throw new RangeError('a zstd block with an invalid length')
      }
      const limits = { maxOutputLength: Math.max(length, 1), chunkSize: Math.max(length, 64) }
      const original = zstdDecompressSync(bytes.subarray(reader.offset), limits)
      if (original.length !== length) throw new RangeError('a zstd block with another length')
      return original
    },
  }
}
