import type { AnyStore } from './keyspace-types.js'
import type { EntryRange } from './read/entry-range.js'

/** The keys of a store. */
export type KeyOf<S> = S extends {
  /** Its keys. */
  keys(): EntryRange<infer K>
}
  ? K
  : unknown

/** The values of a store. */
export type ValueOf<S> = S extends {
  /** Its values. */
  values(): EntryRange<infer V>
}
  ? V
  : unknown

/**
 * An operation of a `batch`: on the store that takes the batch, whose keys and values are `K` and
 * `V`, or on the keyspace `S`, with the keys and values of that one.
 */
export type OperationOn<S, K, V> =
  | { keyspace: S & AnyStore; type: 'put'; key: KeyOf<S>; value: ValueOf<S>; ttlMs?: number }
  | { keyspace: S & AnyStore; type: 'del'; key: KeyOf<S> }
  | { keyspace?: undefined; type: 'put'; key: K; value: V; ttlMs?: number }
  | { keyspace?: undefined; type: 'del'; key: K }

/** The operations of a `batch`. The keyspace of each is one of `Stores`. */
export type Operations<Stores extends readonly unknown[], K, V> = {
  readonly [I in keyof Stores]: OperationOn<Stores[I], K, V>
}
