import { ByteSink } from '../../base/bytes/byte-sink.js'
import { copyInto, emptyBytes } from '../../base/bytes/bytes.js'
import { invalidArgument } from '../../base/errors.js'
import { boundError, keyError } from '../../batch/encoding-error.js'
import type { Encoding } from '../../batch/encoding.js'
import {
  intersectRange,
  isEmptyRange,
  type KeyRange,
  prefixEnd,
  successor,
} from '../../key/key-range.js'
import type { CursorOptions, IterateOptions, RangeOptions, ReadOptions } from '../api.js'
import { requireKnown, requireObject } from '../options/arguments.js'

const rangeOptionNames = { gt: true, gte: true, lt: true, lte: true, prefix: true }
const readOptionNames = { snapshot: true }
const walkOptionNames = { ...rangeOptionNames, ...readOptionNames, reverse: true }
const iterateOptionNames = { ...walkOptionNames, limit: true }
const cursorOptionNames = { ...walkOptionNames, projection: true }
const projections: readonly unknown[] = ['entries', 'keys', 'values', undefined]

const emptyRange: KeyRange = { start: emptyBytes, end: emptyBytes }

/** The half-open range of encoded keys between the user's bounds; empty if they cross. */
export function rangeOf<K>(options: RangeOptions<K>, encoding: Encoding<K>): KeyRange {
  const { gt, gte, lt, lte, prefix } = options
  if (gt !== undefined && gte !== undefined) throw invalidArgument("give 'gt' or 'gte', not both")
  if (lt !== undefined && lte !== undefined) throw invalidArgument("give 'lt' or 'lte', not both")
  const encode = (name: string, bound: K): Buffer => {
    try {
      return encoded(bound, encoding)
    } catch (error) {
      throw boundError(error, name, bound, encoding)
    }
  }
  let start: Uint8Array = emptyBytes
  if (gte !== undefined) start = encode('gte', gte)
  else if (gt !== undefined) start = successor(encode('gt', gt))
  let end: Uint8Array | null = null
  if (lt !== undefined) end = encode('lt', lt)
  else if (lte !== undefined) end = successor(encode('lte', lte))
  const bounds = { start, end }
  if (prefix === undefined) return isEmptyRange(bounds) ? emptyRange : bounds
  const first = encode('prefix', prefix)
  return intersectRange(bounds, { start: first, end: prefixEnd(first) }) ?? emptyRange
}

/**
 * Refuses a bound that is present but undefined. That is a mistake, and treating it as "no bound"
 * would make `clear` delete everything.
 */
export function checkRangeOptions(options: object): void {
  requireKnown(options, rangeOptionNames, 'range option')
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) throw invalidArgument(`'${name}' is undefined; leave it out`, name)
  }
}

/** The bounds for `clear` and other methods that take only a range. */
export function checkedRange<K>(range: RangeOptions<K>, encoding: Encoding<K>): KeyRange {
  requireObject(range, 'a range')
  checkRangeOptions(range)
  return rangeOf(range, encoding)
}

export function checkIterateOptions<K>(options: IterateOptions<K>): void {
  requireObject(options, 'the options of an iterator')
  requireKnown(options, iterateOptionNames, 'iterator option')
  const { limit, reverse } = options
  checkReverse(reverse)
  if (limit !== undefined && limit !== Infinity && !(Number.isInteger(limit) && limit >= 0)) {
    throw invalidArgument(`'limit' must be a whole number from 0, or Infinity, not ${limit}`)
  }
}

export function checkCursorOptions<K>(options: CursorOptions<K>): void {
  requireObject(options, 'the options of a cursor')
  requireKnown(options, cursorOptionNames, 'cursor option')
  checkReverse(options.reverse)
  if (!projections.includes(options.projection)) {
    throw invalidArgument(`'projection' must be 'entries', 'keys' or 'values'`, 'projection')
  }
}

export function checkReadOptions(options: ReadOptions): void {
  requireObject(options, 'the options of a read')
  requireKnown(options, readOptionNames, 'read option')
}

function checkReverse(reverse: unknown): void {
  if (reverse === undefined || typeof reverse === 'boolean') return
  throw invalidArgument(`'reverse' must be true or false`)
}

/** Encodes a key into a new buffer. */
export function encodeKey<K>(key: K, encoding: Encoding<K>): Buffer {
  try {
    return encoded(key, encoding)
  } catch (error) {
    throw keyError(error, key, encoding)
  }
}

/** Scratch memory for one call. */
const sink = new ByteSink(256)

function encoded<K>(key: K, encoding: Encoding<K>): Buffer {
  sink.length = 0
  encoding.write(key, sink)
  // From Node's buffer pool: bounds are small and short-lived.
  const bytes = Buffer.allocUnsafe(sink.length)
  copyInto(bytes, 0, sink.buffer, 0, sink.length)
  return bytes
}
