import { invalidArgument } from '../../base/errors.js'
import { describe, type Encoding, encodingFor, type EncodingOption } from '../../batch/encoding.js'
import { maxTtlMs } from '../../key/expiry.js'
import type { TreeOptions } from '../../tree/tree.js'
import { type KeyspaceRecord, maxKeyspaceNameBytes } from '../../version/keyspace-record.js'
import type { KeyspaceOptions, TreeTuning } from '../keyspace-types.js'
import { requireKnown, requireObject } from './arguments.js'
import { type ResolvedOptions, treeOptionsWith } from './open-options.js'

export type AnyKeyspaceOptions = KeyspaceOptions<
  EncodingOption | undefined,
  EncodingOption | undefined
>

/** The options that the MANIFEST stores, as JSON. */
export interface StoredKeyspaceOptions extends TreeTuning {
  readonly keyEncoding: string
  readonly valueEncoding: string
  readonly ttlMs?: number
}

/** The checked options of `db.keyspace`. */
export interface ResolvedKeyspaceOptions {
  readonly name: string
  readonly createIfMissing: boolean
  readonly keyEncoding: Encoding<unknown>
  readonly valueEncoding: Encoding<unknown>
  /** Only the options that were passed. */
  readonly tuning: TreeTuning & { readonly ttlMs?: number }
}

const tuningNames: Record<keyof TreeTuning | 'ttlMs', true> = {
  blockBytes: true,
  tableBytes: true,
  filterBitsPerKey: true,
  filterAllocation: true,
  codec: true,
  compaction: true,
  ttlMs: true,
}
const optionNames: Record<keyof AnyKeyspaceOptions, true> = {
  ...tuningNames,
  keyEncoding: true,
  valueEncoding: true,
  createIfMissing: true,
}

/** Throws INVALID_ARGUMENT with the name of the option and its allowed values. */
export function resolveKeyspaceOptions(
  name: unknown,
  given: AnyKeyspaceOptions,
  database: ResolvedOptions,
): ResolvedKeyspaceOptions {
  requireName(name)
  requireObject(given, 'the options of a keyspace')
  requireKnown(given, optionNames, 'option of a keyspace')
  const { createIfMissing = true, ttlMs } = given
  if (typeof createIfMissing !== 'boolean') {
    throw invalidArgument(`option 'createIfMissing' must be true or false`, 'createIfMissing')
  }
  if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs >= 0 && ttlMs <= maxTtlMs)) {
    const allowed = `a number from 0 to ${maxTtlMs}`
    throw invalidArgument(`option 'ttlMs' must be ${allowed}, not ${describe(ttlMs)}`, 'ttlMs')
  }
  treeOptionsWith(given, database.tree, database.codecs)
  const tuning = Object.entries(given).filter(
    ([option, value]) => option in tuningNames && value !== undefined,
  )
  return {
    name,
    createIfMissing,
    keyEncoding: encodingFor(given.keyEncoding ?? database.keyEncoding, 'keyEncoding'),
    valueEncoding: encodingFor(given.valueEncoding ?? database.valueEncoding, 'valueEncoding'),
    tuning: Object.fromEntries(tuning),
  }
}

/** The options to store: the new ones, and the stored ones where no new one is set. */
export function mergedOptions(
  stored: StoredKeyspaceOptions | undefined,
  { keyEncoding, valueEncoding, tuning }: ResolvedKeyspaceOptions,
): string {
  const names = { keyEncoding: keyEncoding.name, valueEncoding: valueEncoding.name }
  const merged: StoredKeyspaceOptions = { ...stored, ...names, ...tuning }
  return JSON.stringify(merged, (_, value: unknown) => (value === Infinity ? infinity : value))
}

export function storedOptions({ options }: KeyspaceRecord): StoredKeyspaceOptions {
  return JSON.parse(options, (_, value: unknown) =>
    value === infinity ? Infinity : value,
  ) as StoredKeyspaceOptions
}

/** The options of the keyspace's tree. Throws INVALID_ARGUMENT for a codec that is missing. */
export function treeOptionsOf(
  record: KeyspaceRecord,
  { tree, codecs }: ResolvedOptions,
): TreeOptions {
  try {
    return treeOptionsWith(storedOptions(record), tree, codecs)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalidArgument(`keyspace '${record.name}' cannot be opened: ${reason}`, 'codecs')
  }
}

/** The text for Infinity, which JSON does not have. */
const infinity = 'Infinity'

function requireName(name: unknown): asserts name is string {
  const bytes = typeof name === 'string' && name.isWellFormed() ? Buffer.byteLength(name) : 0
  if (bytes >= 1 && bytes <= maxKeyspaceNameBytes) return
  throw invalidArgument(
    `the name of a keyspace must be text of 1 to ${maxKeyspaceNameBytes} bytes without lone ` +
      `surrogates, not ${describe(name)}`,
  )
}
