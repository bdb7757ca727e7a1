import { compareBytes, copyBytes } from '../../base/bytes/bytes.js'
import { corruption } from '../../base/errors.js'
import { VarintReader, VarintWriter, varintLength } from '../../base/bytes/varint.js'
import { compareEnds, isEmptyRange, type KeyRange } from '../../key/key-range.js'

/** Statistics of a table. Versions and pickers use only these. */
export interface TableStatistics {
  /** Covers every key and every range delete. */
  readonly range: KeyRange
  /** Lowest and highest sequence of entries and range deletes. */
  readonly minSequence: number
  readonly maxSequence: number
  /** Entries, including point deletes but not range deletes. */
  readonly entryCount: number
  readonly deleteCount: number
  readonly rangeDeleteCount: number
  /** Entries that expire, and the time when the last one does, in milliseconds since 1970. */
  readonly expiringCount: number
  readonly lastExpiryMs: number
  /** Entries that a newer version or range delete in the same table hides: snapshots kept them. */
  readonly shadowedCount: number
  /** Bytes of the keys and values of shadowed entries. */
  readonly shadowedBytes: number
  /** The lowest shadowed sequence, and the highest one that shadows an entry; 0: none. */
  readonly oldestShadowed: number
  readonly newestShadowing: number
  /** Bytes of all keys and of all values, without expiry times. */
  readonly keyBytes: number
  readonly valueBytes: number
}

export interface TableSummary extends TableStatistics {
  /** Size of the file. */
  readonly sizeBytes: number
}

/** The properties block, decoded. */
export interface TableProperties extends TableStatistics {
  /** Lower bound of all sequences; entries store their distance from it. */
  readonly baseSequence: number
  readonly dataBlockCount: number
  /** 0: no filter. */
  readonly filterBitsPerKey: number
  /** Name of the writer's codec; single blocks may be stored without it. */
  readonly codec: string
  /** Properties added by the user of the writer, by their own names. */
  readonly user: ReadonlyMap<string, Uint8Array>
}

/**
 * The properties block: by ascending name, to the end of the payload,
 *
 *     name length varint │ name │ value length varint │ value
 *
 * A number is a varint. Readers skip unknown names, so properties can be added without a new format
 * version. `range.end` is missing without an upper bound, `expiringCount` and `lastExpiryMs` when
 * no entry expires, and `shadowedCount` and its three related properties when no entry is shadowed.
 * Names of user properties start with `user.`.
 */
export function encodeProperties(properties: TableProperties): Buffer {
  const encoded = new Map<string, Uint8Array>()
  for (const name of numberNames) encoded.set(name, encodeNumber(properties[name]))
  if (properties.expiringCount > 0) {
    for (const name of expiryNames) encoded.set(name, encodeNumber(properties[name]))
  }
  if (properties.shadowedCount > 0) {
    for (const name of shadowedNames) encoded.set(name, encodeNumber(properties[name]))
  }
  encoded.set('codec', Buffer.from(properties.codec))
  encoded.set('range.start', properties.range.start)
  if (properties.range.end !== null) encoded.set('range.end', properties.range.end)
  for (const [name, value] of properties.user) encoded.set(userPrefix + name, value)
  const writer = new VarintWriter()
  for (const name of [...encoded.keys()].sort()) {
    writer.writeLengthPrefixed(Buffer.from(name))
    writer.writeLengthPrefixed(encoded.get(name)!)
  }
  return writer.finish()
}

export function decodeProperties(
  payload: Buffer,
  file: string,
  fileOffset: number,
): TableProperties {
  const reader = new VarintReader(payload)
  const found = new Map<string, Buffer>()
  while (reader.offset < payload.length && !reader.failed) {
    const name = reader.readLengthPrefixed()
    const value = copyBytes(reader.readLengthPrefixed())
    found.set(Buffer.from(name).toString(), value)
  }
  if (reader.failed) throw corruption(file, fileOffset, 'properties that exceed their block')

  const need = (name: string): Buffer => {
    const value = found.get(name)
    if (value === undefined) throw corruption(file, fileOffset, `no property "${name}"`)
    return value
  }
  const number = (name: NumberName | OptionalName): number => {
    const value = new VarintReader(need(name))
    const decoded = value.read()
    if (value.failed || value.offset !== value.end) {
      throw corruption(file, fileOffset, `property "${name}" is not a number`)
    }
    return decoded
  }
  const numberOr0 = (name: OptionalName): number => (found.has(name) ? number(name) : 0)
  const user = new Map<string, Uint8Array>()
  for (const [name, value] of found) {
    if (name.startsWith(userPrefix)) user.set(name.slice(userPrefix.length), value)
  }
  const properties: TableProperties = {
    range: { start: need('range.start'), end: found.get('range.end') ?? null },
    minSequence: number('minSequence'),
    maxSequence: number('maxSequence'),
    baseSequence: number('baseSequence'),
    entryCount: number('entryCount'),
    deleteCount: number('deleteCount'),
    rangeDeleteCount: number('rangeDeleteCount'),
    expiringCount: numberOr0('expiringCount'),
    lastExpiryMs: numberOr0('lastExpiryMs'),
    shadowedCount: numberOr0('shadowedCount'),
    shadowedBytes: numberOr0('shadowedBytes'),
    oldestShadowed: numberOr0('oldestShadowed'),
    newestShadowing: numberOr0('newestShadowing'),
    keyBytes: number('keyBytes'),
    valueBytes: number('valueBytes'),
    dataBlockCount: number('dataBlockCount'),
    filterBitsPerKey: number('filterBitsPerKey'),
    codec: need('codec').toString(),
    user,
  }
  if (!isSound(properties)) throw corruption(file, fileOffset, 'invalid properties')
  return properties
}

function isSound(properties: TableProperties): boolean {
  const { range, baseSequence, minSequence, maxSequence, entryCount } = properties
  return (
    !isEmptyRange(range) &&
    baseSequence <= minSequence &&
    minSequence <= maxSequence &&
    properties.deleteCount + properties.expiringCount <= entryCount &&
    hasSoundShadows(properties)
  )
}

/** Whether the statistics of shadowed entries are consistent. */
export function hasSoundShadows(table: TableStatistics): boolean {
  const { shadowedCount, shadowedBytes, oldestShadowed, newestShadowing } = table
  if (shadowedCount === 0) return shadowedBytes + oldestShadowed + newestShadowing === 0
  return (
    shadowedCount <= table.entryCount &&
    shadowedBytes <= table.keyBytes + table.valueBytes &&
    oldestShadowed >= table.minSequence &&
    oldestShadowed < newestShadowing &&
    newestShadowing <= table.maxSequence
  )
}

/** Describes a difference between the claimed and the actual summary; undefined when they agree. */
export function summaryProblem(claimed: TableSummary, actual: TableSummary): string | undefined {
  for (const name of comparedNumbers) {
    if (claimed[name] !== actual[name]) {
      return `${name} ${actual[name]} instead of ${claimed[name]}`
    }
  }
  // A MANIFEST rewritten by an earlier version of Varve claims none.
  if (claimed.shadowedCount > 0) {
    const name = shadowedNames.find((each) => claimed[each] !== actual[each])
    if (name !== undefined) return `${name} ${actual[name]} instead of ${claimed[name]}`
  }
  const sameRange =
    compareBytes(claimed.range.start, actual.range.start) === 0 &&
    compareEnds(claimed.range.end, actual.range.end) === 0
  return sameRange ? undefined : 'a different key range'
}

const comparedNumbers = [
  'sizeBytes',
  'minSequence',
  'maxSequence',
  'entryCount',
  'deleteCount',
  'rangeDeleteCount',
  'expiringCount',
  'lastExpiryMs',
  'keyBytes',
  'valueBytes',
] as const

/** Names on disk: never change them. */
const numberNames = [
  'minSequence',
  'maxSequence',
  'baseSequence',
  'entryCount',
  'deleteCount',
  'rangeDeleteCount',
  'keyBytes',
  'valueBytes',
  'dataBlockCount',
  'filterBitsPerKey',
] as const

const expiryNames = ['expiringCount', 'lastExpiryMs'] as const
/** Also the names of the fields; see TableStatistics. */
export const shadowedNames = [
  'shadowedCount',
  'shadowedBytes',
  'oldestShadowed',
  'newestShadowing',
] as const

type NumberName = (typeof numberNames)[number]
type OptionalName = (typeof expiryNames)[number] | (typeof shadowedNames)[number]

const userPrefix = 'user.'

function encodeNumber(value: number): Buffer {
  return Buffer.from(new VarintWriter().write(value).finish().subarray(0, varintLength(value)))
}
