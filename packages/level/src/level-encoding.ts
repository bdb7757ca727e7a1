import type { ByteSink, Encoding } from 'varve'
import { LevelError } from './level-error.js'

/**
 * abstract-level hands keys and values down as text or bytes, whatever fits each call, and wants
 * them back in the form that the call asked for. So every encoding here takes both, and gives one.
 */
export type Data = string | Uint8Array

/**
 * Level has an empty key, Varve has not. Keys that consist of zero bytes only, the empty one
 * included, are stored with one more:
 *
 *     ''  → 00      00 → 00 00      00 00 → 00 00 00      00 01 → 00 01      'a' → 'a'
 *
 * These sort before all other keys, by their length, and still do. Prefixes and bounds stay true.
 */
const maxKeyBytes = 64 * 1024
const onlyZeros = /^\0*$/

export const textKeys: Encoding<Data> = {
  name: 'text keys',
  write: writeKey,
  read: (bytes, start, end) => bytes.toString('utf8', start, keyEnd(bytes, start, end)),
  fromText: (text) => (text.charCodeAt(0) === 0 && onlyZeros.test(text) ? text.slice(1) : text),
}

export const byteKeys: Encoding<Data> = {
  name: 'byte keys',
  write: writeKey,
  read: (bytes, start, end) => copyOf(bytes, start, keyEnd(bytes, start, end)),
  fromBytes: (bytes) => bytes.subarray(0, keyEnd(bytes, 0, bytes.length)),
}

/**
 * The keys of a VarveLevel as the engine alone sees them, in bytes: `open(location, { keyEncoding:
 * levelKeys })` reads what a VarveLevel wrote, and the other way round.
 */
export const levelKeys = byteKeys as Encoding<Uint8Array>

export const textValues: Encoding<Data> = {
  name: 'text values',
  write: writeData,
  read: (bytes, start, end) => bytes.toString('utf8', start, end),
  fromText: (text) => text,
}

export const byteValues: Encoding<Data> = {
  name: 'byte values',
  write: writeData,
  read: copyOf,
  fromBytes: (bytes) => bytes,
}

function writeKey(key: Data, sink: ByteSink): void {
  const start = sink.length
  writeData(key, sink)
  if (isZeros(sink.buffer, start, sink.length)) {
    sink.reserve(1)
    sink.buffer[sink.length++] = 0
  }
  const length = sink.length - start
  if (length > maxKeyBytes) {
    const message = `A key may have at most ${maxKeyBytes} bytes; this one has ${length}`
    throw new LevelError('LEVEL_INVALID_KEY', message)
  }
}

/** Level stores U+FFFD in the place of a lone surrogate, where the engine's 'utf8' refuses it. */
function writeData(data: Data, sink: ByteSink): void {
  if (typeof data === 'string') sink.appendLossyText(data)
  else sink.appendBytes(data)
}

function keyEnd(bytes: Buffer, start: number, end: number): number {
  return isZeros(bytes, start, end) ? end - 1 : end
}

/** Most keys are done with at their first byte. */
function isZeros(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false
  return true
}

/** From Node's pool: such values are small and do not live long. */
function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
