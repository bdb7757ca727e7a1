import { asBuffer, pooledCopy } from '../base/bytes/bytes.js'
import type { ByteSink } from '../base/bytes/byte-sink.js'
import { invalidArgument } from '../base/errors.js'
import { textOf } from '../base/text.js'

/** Converts keys or values of one type to bytes and back. */
export interface Codec<T> {
  /** Shown in error messages. */
  readonly name: string
  /** Bytes of `value`. The database copies them immediately, so the codec may reuse them. */
  encode(value: T): Uint8Array
  /** The value encoded in `bytes`, a fresh copy that the codec may keep. */
  decode(bytes: Uint8Array): T
}

/** The built-in encodings. Keys sort by their encoded bytes. */
export type EncodingName = 'utf8' | 'json' | 'binary'

/** A name, or a codec or encoding of any type. */
export type EncodingOption =
  | EncodingName
  | {
      readonly name: string
      encode(value: never): Uint8Array
      decode(bytes: Uint8Array): unknown
    }
  | {
      readonly name: string
      write(value: never, sink: ByteSink): void
      read(bytes: Buffer, start: number, end: number): unknown
    }

/** The type of keys or values for an encoding option. */
export type Decoded<E> = E extends 'utf8'
  ? string
  : E extends 'binary'
    ? Uint8Array
    : E extends 'json'
      ? unknown
      : E extends { decode(bytes: Uint8Array): infer T }
        ? T
        : E extends { read(bytes: Buffer, start: number, end: number): infer T }
          ? T
          : never

/**
 * JSON values of a known type: `open(path, { valueEncoding: json<City>() })`. Reads do not check
 * that values have this type.
 */
export function json<T>(): Codec<T> {
  return jsonCodec as Codec<T>
}

const jsonCodec: Codec<unknown> = {
  name: 'json',
  encode: (value) => Buffer.from(stringify(value)),
  decode: (bytes) => JSON.parse(asBuffer(bytes).toString('utf8')) as unknown,
}

/**
 * A codec without copies: it writes directly into the commit buffer and reads directly from a
 * block. It must not use the database while it encodes or decodes.
 */
export interface Encoding<T> {
  /** Shown in error messages. */
  readonly name: string
  /** Appends the bytes of `value` and changes nothing else in `sink`. */
  write(value: T, sink: ByteSink): void
  /** The value of `bytes[start, end)`. It must not share memory with the bytes or change them. */
  read(bytes: Buffer, start: number, end: number): T
  /**
   * Like `read`, for bytes already decoded as UTF-8. With this method, walks decode the short texts
   * of a block together, which takes a fraction of the time.
   */
  fromText?(text: string): T
  /**
   * Like `read`, for a copy of the bytes that nothing else uses. With this method, iterators copy
   * the short keys and values of a block together, which takes half of the time. The bytes may be a
   * small part of their ArrayBuffer.
   */
  fromBytes?(bytes: Buffer): T
}

export function encodingFor(option: unknown, optionName: string): Encoding<unknown> {
  if (option === 'utf8') return utf8Encoding
  if (option === 'json' || option === jsonCodec) return jsonEncoding
  if (option === 'binary') return binaryEncoding
  if (hasMethods<Codec<unknown>>(option, 'encode', 'decode')) return codecEncoding(option)
  if (hasMethods<Encoding<unknown>>(option, 'write', 'read')) return option
  throw invalidArgument(
    `option '${optionName}' must be 'utf8', 'json', 'binary', ` +
      'a codec { name, encode, decode' +
      ` } or an encoding { name, write, read }, not ${describe(option)}`,
    optionName,
  )
}

/** Short form of a rejected value, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

const utf8Encoding: Encoding<string> = {
  name: 'utf8',
  write(value, sink) {
    if (typeof value !== 'string') throw wrongType('a string', value)
    sink.appendText(value)
  },
  read: textOf,
  fromText: (text) => text,
}

const jsonEncoding: Encoding<unknown> = {
  name: 'json',
  write: (value, sink) => sink.appendText(undisturbed(sink, () => stringify(value))),
  read: (bytes, start, end) => JSON.parse(textOf(bytes, start, end)) as unknown,
  fromText: (text) => JSON.parse(text) as unknown,
}

const binaryEncoding: Encoding<Uint8Array> = {
  name: 'binary',
  write(value, sink) {
    if (!(value instanceof Uint8Array)) throw wrongType('a Uint8Array', value)
    sink.appendBytes(value)
  },
  read: (bytes, start, end) => pooledCopy(bytes, start, end),
  fromBytes: (bytes) => bytes,
}

function codecEncoding<T>(codec: Codec<T>): Encoding<T> {
  return {
    name: codec.name,
    write(value, sink) {
      const bytes: unknown = undisturbed(sink, () => codec.encode(value))
      if (!(bytes instanceof Uint8Array)) {
        throw new TypeError(`encode() must return a Uint8Array, not ${describe(bytes)}`)
      }
      sink.appendBytes(bytes)
    },
    read: (bytes, start, end) => codec.decode(pooledCopy(bytes, start, end)),
    fromBytes: (bytes) => codec.decode(bytes),
  }
}

/** Runs the user's code, which must not write to `sink`: its result is appended there. */
function undisturbed<T>(sink: ByteSink, encode: () => T): T {
  const { length } = sink
  const result = encode()
  if (sink.length === length) return result
  sink.length = length
  throw invalidArgument('a codec or toJSON must not use the database while it encodes')
}

function stringify(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw wrongType('a JSON value', value)
  return text
}

function hasMethods<T extends { name: string }>(
  option: unknown,
  ...methods: (keyof T)[]
): option is T {
  if (typeof option !== 'object' || option === null) return false
  const object = option as Partial<T>
  return (
    typeof object.name === 'string' && methods.every((name) => typeof object[name] === 'function')
  )
}

function wrongType(expected: string, value: unknown): TypeError {
  return new TypeError(`expected ${expected}, not ${describe(value)}`)
}
