import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { invalidArgument, unsupportedFormat } from '../../base/errors.js'
import { VarintReader, varintLength, writeVarint } from '../../base/bytes/varint.js'
import type { BlockCodec } from './block-codec.js'
import { lz4Codec, lz4hcCodec } from './lz4-codec.js'
import { zstdCodec, zstdId, zstdName } from './zstd-codec.js'

export type { Allocate, BlockCodec } from './block-codec.js'

export const noneCodec: BlockCodec = {
  id: 0,
  name: 'none',
  compress: (bytes) => bytes,
  decompress: (bytes) => bytes,
}

/**
 * Raw DEFLATE (RFC 1951) at its fastest level, after the original length as a varint. The length
 * allows a single allocation and limits the output of a damaged stream.
 */
export const deflateCodec: BlockCodec = {
  id: 1,
  name: 'deflate',
  compress(bytes) {
    const length = Buffer.allocUnsafe(varintLength(bytes.length))
    writeVarint(length, 0, bytes.length)
    return Buffer.concat([length, deflateRawSync(bytes, { level: constants.Z_BEST_SPEED })])
  },
  decompress(bytes, maxBytes) {
    const reader = new VarintReader(bytes)
    const length = reader.read()
    if (reader.failed || length > maxBytes || length > bytes.length * maxDeflateRatio) {
      throw new RangeError('a deflated block with an invalid length')
    }
    const limits = { maxOutputLength: Math.max(length, 1), chunkSize: Math.max(length, 64) }
    const original = inflateRawSync(bytes.subarray(reader.offset), limits)
    if (original.length !== length) throw new RangeError('a deflated block with another length')
    return original
  },
}

/** The highest compression ratio of DEFLATE (zlib's technical notes). */
const maxDeflateRatio = 1032

const engineCodecs = [noneCodec, deflateCodec, lz4Codec, lz4hcCodec, zstdCodec].filter(
  (codec) => codec !== undefined,
)

const firstUserId = 64
const lastUserId = 255

/** The codecs that a database can read: the engine's own and the user's. */
export class CodecRegistry {
  private readonly byId = new Map<number, BlockCodec>()
  private readonly byName = new Map<string, BlockCodec>()

  /** A user's codec may have the name of a later one of the engine, which it then hides. */
  constructor(userCodecs: readonly BlockCodec[] = []) {
    for (const codec of engineCodecs) this.add(codec)
    const names = new Set([noneCodec.name, deflateCodec.name])
    for (const codec of userCodecs) {
      if (!Number.isInteger(codec.id) || codec.id < firstUserId || codec.id > lastUserId) {
        throw invalidArgument(`codec "${codec.name}" needs an id from 64 to 255`, 'codecs')
      }
      if (this.byId.has(codec.id) || names.has(codec.name)) {
        throw invalidArgument(`two codecs share the id ${codec.id} or the name`, 'codecs')
      }
      names.add(codec.name)
      this.add(codec)
    }
  }

  named(name: string): BlockCodec | undefined {
    return this.byName.get(name)
  }

  /** The valid codec ids in a block trailer. */
  ids(): ReadonlySet<number> {
    return new Set(this.byId.keys())
  }

  /** The codec of a block in `file`. Throws `UNSUPPORTED_FORMAT` for an unknown id. */
  get(id: number, file: string): BlockCodec {
    const codec = this.byId.get(id)
    if (codec !== undefined) return codec
    const hint = id === zstdId ? ` (${zstdName}), which needs Node 22.15 or later` : ''
    throw unsupportedFormat(file, `block codec ${id}${hint}`)
  }

  private add(codec: BlockCodec): void {
    if (!this.byId.has(codec.id)) this.byId.set(codec.id, codec)
    this.byName.set(codec.name, codec)
  }
}
