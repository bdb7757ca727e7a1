import { unreadableKey, unreadableValue } from '../../batch/encoding-error.js'
import type { Encoding } from '../../batch/encoding.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import type { Projection } from '../api.js'
import type { ReadCore } from './read-core.js'

/** Returns the wanted part of the current entry. */
export type Project = (core: ReadCore, walk: EntryWalk) => unknown

/** The projections by name; looked up once per iterator. */
export const projections: Readonly<Record<Projection, Project>> = {
  entries: (core, walk) => [keyOf(core, walk), valueOf(core, walk)],
  keys: keyOf,
  values: valueOf,
}

/** Converts an error that a projection threw to one that names the key. */
export function projectionError(
  error: unknown,
  core: ReadCore,
  walk: EntryWalk,
  projection: Projection,
): unknown {
  const { keyEncoding, valueEncoding } = core
  const { keyBytes, keyStart, keyEnd } = walk
  const isOfKey = projection === 'keys' || (projection === 'entries' && !hasKey(core, walk))
  return isOfKey
    ? unreadableKey(error, keyEncoding, keyBytes, keyStart, keyEnd)
    : unreadableValue(error, valueEncoding, keyEncoding, keyBytes, keyStart, keyEnd)
}

/**
 * Whether the key can be decoded: shows which part failed, so that the hot path needs only one
 * `try`.
 */
function hasKey(core: ReadCore, walk: EntryWalk): boolean {
  try {
    keyOf(core, walk)
    return true
  } catch {
    return false
  }
}

function keyOf({ keyEncoding }: ReadCore, walk: EntryWalk): unknown {
  return decode(keyEncoding, walk, walk.keyBytes, walk.keyStart, walk.keyEnd)
}

function valueOf({ valueEncoding }: ReadCore, walk: EntryWalk): unknown {
  return decode(valueEncoding, walk, walk.valueBytes, walk.valueStart, walk.valueEnd)
}

/** Decodes `bytes[start, end)`, a part of the current entry. */
function decode(
  encoding: Encoding<unknown>,
  { page }: EntryWalk,
  bytes: Uint8Array,
  start: number,
  end: number,
): unknown {
  if (page !== undefined) {
    if (encoding.fromText !== undefined) return encoding.fromText(page.textOf(start, end))
    if (encoding.fromBytes !== undefined) return encoding.fromBytes(page.bytesOf(start, end))
  }
  return encoding.read(bytes as Buffer, start, end)
}
