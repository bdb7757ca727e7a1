import { pipeline, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { extname } from 'node:path'
import { DataError, UsageError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'

interface Codec {
  name: 'gzip' | 'zstd'
  extension: string
  /** The bytes that every file of this kind starts with. */
  magic: Buffer
  /** Undefined where this Node cannot do it. */
  compress: (() => Transform) | undefined
  decompress: (() => Transform) | undefined
}

const chunkSize = 256 * 1024

/** In node:zlib since 22.15. */
const zstd = zlib as {
  createZstdCompress?: () => Transform
  createZstdDecompress?: () => Transform
}

const codecs: readonly Codec[] = [
  {
    name: 'gzip',
    extension: '.gz',
    magic: Buffer.of(0x1f, 0x8b),
    compress: () => zlib.createGzip({ chunkSize }),
    decompress: () => zlib.createGunzip({ chunkSize }),
  },
  {
    name: 'zstd',
    extension: '.zst',
    magic: Buffer.of(0x28, 0xb5, 0x2f, 0xfd),
    compress: zstd.createZstdCompress,
    decompress: zstd.createZstdDecompress,
  },
]

/** The name without the ending of a compressed file: `cities.csv` for `cities.csv.gz`. */
export function withoutCompression(file: string): string {
  const codec = codecOfName(file)
  return codec === undefined ? file : file.slice(0, -codec.extension.length)
}

/** Compresses what goes into a file of this name; undefined for a plain file. */
export function compressorFor(file: string): Transform | undefined {
  const codec = codecOfName(file)
  if (codec === undefined) return undefined
  if (codec.compress === undefined) {
    throw new UsageError(`writing ${codec.name} needs Node 22.15 or later; choose a .gz file`)
  }
  return codec.compress()
}

/** The same bytes, decompressed if they start as a compressed file does, whatever its name is. */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = withLongStart(source)
  const first = await chunks.next()
  if (first.done === true) return
  const whole = rejoined(first.value, chunks)
  const codec = codecs.find(({ magic }) => startsWith(first.value, magic))
  yield* codec === undefined ? whole : decompress(whole, codec)
}

export function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return asBuffer(bytes.subarray(0, magic.length)).equals(magic)
}

function codecOfName(file: string): Codec | undefined {
  const extension = extname(file).toLowerCase()
  return codecs.find((codec) => codec.extension === extension)
}

async function* decompress(
  source: AsyncIterable<Uint8Array>,
  { name, decompress }: Codec,
): AsyncGenerator<Uint8Array> {
  if (decompress === undefined) {
    throw new DataError(
      `the input is ${name}, which needs Node 22.15 or later; ` +
        `decompress it first: zstd -dc FILE | varve import -`,
    )
  }
  // Errors of the source reach the iteration below through the stream, which they destroy.
  const stream = pipeline(source, decompress(), () => {})
  try {
    yield* stream as AsyncIterable<Buffer>
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z') !== true) throw error
    throw new DataError(`the ${name} data is damaged or cut short: ${message}`, { cause: error })
  }
}

/** The same bytes, with a first chunk that is long enough for every magic number. */
async function* withLongStart(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const longest = 4
  let start: Uint8Array | undefined = new Uint8Array()
  for await (const chunk of source) {
    if (start === undefined) yield chunk
    else {
      start = start.length === 0 ? chunk : Buffer.concat([start, chunk])
      if (start.length < longest) continue
      yield start
      start = undefined
    }
  }
  if (start !== undefined && start.length > 0) yield start
}

async function* rejoined(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first
    yield* rest
  } finally {
    // Not reached by `yield*` when the reader leaves after the first chunk.
    await rest.return(undefined)
  }
}
