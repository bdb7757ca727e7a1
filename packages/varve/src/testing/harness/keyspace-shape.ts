import type { KeyspaceOptions, TreeTuning } from '../../db/keyspace-types.js'
import type { Codec } from '../../index.js'

type BinaryOptions = KeyspaceOptions<undefined, Codec<Uint8Array> | undefined>

/** A keyspace of a test, with keys and values that are bytes. */
export interface KeyspaceShape {
  readonly name: string
  /** Its default TTL. */
  readonly ttlMs?: number
  readonly valueEncoding?: Codec<Uint8Array>
  /** How its tree works. Changes no answer. */
  readonly tuning?: TreeTuning
}

/** Stores every byte inverted, so that a value read with another encoding differs. */
const inverted: Codec<Uint8Array> = {
  name: 'inverted',
  encode: (value) => value.map((byte) => byte ^ 0xff),
  decode: (bytes) => bytes.map((byte) => byte ^ 0xff),
}

/** One like the default keyspace, one with an encoding and one with a default TTL of its own. */
export const modelKeyspaces: readonly KeyspaceShape[] = [
  { name: 'plain' },
  { name: 'значения', valueEncoding: inverted },
  { name: 'expiring', ttlMs: 120 },
]

export function optionsOf({ ttlMs, valueEncoding, tuning }: KeyspaceShape): BinaryOptions {
  return {
    ...tuning,
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(valueEncoding === undefined ? {} : { valueEncoding }),
  }
}
