import { asBuffer, copyBytes } from '../base/bytes.js'
import type { ByteSink } from '../base/byte-sink.js'
import { invalidArgument } from '../base/errors.js'

/** How keys or values of one type become bytes and return from them. */
export interface Codec<T> {
  /** Shown in error messages. */
  readonly name: string
  /** Bytes of `value`; they are copied at once, so the codec may use them again. */
  encode(value: T): Uint8Array
  /** The value of `bytes`, which are a fresh copy and belong to the codec. */
  decode(bytes: Uint8Array): T
}

/** The encodings that are built in. Keys sort by their encoded bytes. */
export type EncodingName = 'utf8' | 'json' | 'binary'

/** A name, or a codec of whatever type. */
export type EncodingOption =
  | EncodingName
  | {
      readonly name: string
      encode(value: never): Uint8Array
      decode(bytes: Uint8Array): unknown
    }

/** The type of keys or values under an encoding option. */
export type Decoded<E> = E extends 'utf8'
  ? string
  : E extends 'binary'
    ? Uint8Array
    : E extends 'json'
      ? unknown
      : E extends { decode(bytes: Uint8Array): infer T }
        ? T
        : never

/**
 * JSON values of a known type: `open(path, { valueEncoding: json<City>() })`. The type is a claim, not
 * checked when reading.
 */
export function json<T>(): Codec<T> {
  return jsonCodec as Codec<T>
}

const jsonCodec: Codec<unknown> = {
  name: 'json',
  encode: (value) => Buffer.from(stringify(value)),
  decode: (bytes) => JSON.parse(asBuffer(bytes).toString('utf8')) as unknown,
}

/** What the engine works with: writes straight into the commit buffer, reads straight from a block. */
export interface Encoding<T> {
  readonly name: string
  write(value: T, sink: ByteSink): void
  /** The value of `bytes[start, end)`, which shares no memory with them. */
  read(bytes: Buffer, start: number, end: number): T
}

export function encodingFor(option: unknown, optionName: string): Encoding<unknown> {
  if (option === 'utf8') return utf8Encoding
  if (option === 'json' || option === jsonCodec) return jsonEncoding
  if (option === 'binary') return binaryEncoding
  if (isCodec(option)) return codecEncoding(option)
  throw invalidArgument(
    `option '${optionName}' must be 'utf8', 'json', 'binary' or a codec ` +
      `{ name, encode, decode }, not ${describe(option)}`,
    optionName,
  )
}

/** Short form of a rejected value, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

/** Longest string that is encoded by the loop below; past it the call into C++ pays off. */
const asciiLoopLimit = 40

const utf8Encoding: Encoding<string> = {
  name: 'utf8',
  write(value, sink) {
    if (typeof value !== 'string') throw wrongType('a string', value, 'utf8')
    writeString(value, sink)
  },
  read: (bytes, start, end) => bytes.toString('utf8', start, end),
}

const jsonEncoding: Encoding<unknown> = {
  name: 'json',
  write: (value, sink) =>
    writeString(
      undisturbed(sink, () => stringify(value)),
      sink,
    ),
  read: (bytes, start, end) => JSON.parse(bytes.toString('utf8', start, end)) as unknown,
}

const binaryEncoding: Encoding<Uint8Array> = {
  name: 'binary',
  write(value, sink) {
    if (!(value instanceof Uint8Array)) throw wrongType('a Uint8Array', value, 'binary')
    sink.appendBytes(value)
  },
  read: (bytes, start, end) => copyBytes(bytes, start, end),
}

function codecEncoding<T>(codec: Codec<T>): Encoding<T> {
  return {
    name: codec.name,
    write(value, sink) {
      const bytes: unknown = undisturbed(sink, () => codec.encode(value))
      if (!(bytes instanceof Uint8Array)) {
        throw invalidArgument(`codec '${codec.name}' must encode to a Uint8Array`)
      }
      sink.appendBytes(bytes)
    },
    read: (bytes, start, end) => codec.decode(copyBytes(bytes, start, end)),
  }
}

/** Runs code of the user's, which must not use the very place that its result goes to. */
function undisturbed<T>(sink: ByteSink, encode: () => T): T {
  const { length } = sink
  const result = encode()
  if (sink.length === length) return result
  sink.length = length
  throw invalidArgument('a codec or toJSON may not use the database while it encodes')
}

function writeString(text: string, sink: ByteSink): void {
  if (text.length <= asciiLoopLimit) {
    sink.reserve(asciiLoopLimit * 3)
    if (writeAscii(text, sink)) return
  } else {
    // A UTF-16 unit takes at most three bytes; long strings are measured instead of guessed.
    sink.reserve(text.length < 4096 ? text.length * 3 : Buffer.byteLength(text, 'utf8'))
  }
  sink.length += sink.buffer.write(text, sink.length, 'utf8')
}

/** Writes `text` when it is all ASCII; otherwise leaves `sink.length` alone and says false. */
function writeAscii(text: string, sink: ByteSink): boolean {
  const { buffer, length: offset } = sink
  const count = text.length
  for (let i = 0; i < count; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 128) return false
    buffer[offset + i] = unit
  }
  sink.length = offset + count
  return true
}

function stringify(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw wrongType('a JSON value', value, 'json')
  return text
}

function isCodec(option: unknown): option is Codec<unknown> {
  if (typeof option !== 'object' || option === null) return false
  const codec = option as Partial<Codec<unknown>>
  return (
    typeof codec.name === 'string' &&
    typeof codec.encode === 'function' &&
    typeof codec.decode === 'function'
  )
}

function wrongType(expected: string, value: unknown, encoding: string) {
  return invalidArgument(
    `encoding '${encoding}' takes ${expected}, not ${describe(value)}; ` +
      `choose another keyEncoding or valueEncoding at open`,
  )
}
