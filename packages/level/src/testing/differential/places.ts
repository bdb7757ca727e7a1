import type { AbstractLevel } from 'abstract-level'
import type { EncodingName, Place } from './operation.js'

/** What the databases under test have in common. */
export type AnyLevel = AbstractLevel<never, unknown, unknown>

/** Iterators and snapshots open at a time, of each kind. */
export const slotCount = 4

/** Names that are prefixes of each other, one in another, and encodings of their own. */
const sublevels: readonly { path: string[]; key: EncodingName; value: EncodingName }[] = [
  { path: ['a'], key: 'utf8', value: 'utf8' },
  { path: ['aa'], key: 'buffer', value: 'json' },
  { path: ['a', 'b'], key: 'json', value: 'view' },
  { path: ['b'], key: 'hex', value: 'base64' },
]

export const placeCount = 1 + sublevels.length

export function keyEncodingAt(place: Place): EncodingName {
  return place === 0 ? 'utf8' : sublevels[place - 1].key
}

export function valueEncodingAt(place: Place): EncodingName {
  return place === 0 ? 'utf8' : sublevels[place - 1].value
}

/** The root and its sublevels, by `Place`. */
export function placesOf(root: AnyLevel): AnyLevel[] {
  const opened = sublevels.map(({ path, key, value }) =>
    root.sublevel<unknown, unknown>(path, { keyEncoding: key, valueEncoding: value }),
  )
  return [root, ...(opened as unknown as AnyLevel[])]
}
