import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { invalidArgument, unsupportedFormat } from '../../base/errors.js'
import { VarintReader, varintLength, writeVarint } from '../../base/bytes/varint.js'

/**
 * The encoding of block payloads on disk. Ids are written to files: 0–63 belong to the engine,
 * 64–255 to its users. An id never changes its meaning.
 */
export interface BlockCodec {
  readonly id: number
  readonly name: string
  /** The compressed bytes, valid until the next call. */
  compress(bytes: Buffer): Buffer
  /**
   * The original bytes, in memory not used elsewhere. Throws when `bytes` are not valid output of
   * `compress`, or would decompress to more than `maxBytes`.
   */
  decompress(bytes: Buffer, maxBytes: number): Buffer
}

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

const firstUserId = 64
const lastUserId = 255

/** The codecs that a database can read: the engine's own and the user's. */
export class CodecRegistry {
  private readonly byId = new Map<number, BlockCodec>()

  constructor(userCodecs: readonly BlockCodec[] = []) {
    this.register(noneCodec)
    this.register(deflateCodec)
    for (const codec of userCodecs) {
      if (!Number.isInteger(codec.id) || codec.id < firstUserId || codec.id > lastUserId) {
        throw invalidArgument(`codec "${codec.name}" needs an id from 64 to 255`, 'codecs')
      }
      this.register(codec)
    }
  }

  named(name: string): BlockCodec | undefined {
    for (const codec of this.byId.values()) if (codec.name === name) return codec
    return undefined
  }

  /** The valid codec ids in a block trailer. */
  ids(): ReadonlySet<number> {
    return new Set(this.byId.keys())
  }

  /** The codec of a block in `file`. Throws `UNSUPPORTED_FORMAT` for an unknown id. */
  get(id: number, file: string): BlockCodec {
    const codec = this.byId.get(id)
    if (codec === undefined) throw unsupportedFormat(file, `block codec ${id}`)
    return codec
  }

  private register(codec: BlockCodec): void {
    if (this.byId.has(codec.id) || this.named(codec.name) !== undefined) {
      throw invalidArgument(`two codecs share the id ${codec.id} or the name`, 'codecs')
    }
    this.byId.set(codec.id, codec)
  }
}
