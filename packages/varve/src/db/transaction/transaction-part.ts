import type { StoreCore } from '../read/read-core.js'

/** What a transaction needs of a keyspace. */
export interface TransactionPart {
  readonly core: StoreCore
  /** Time to live of values that are put without one; undefined: they do not expire. */
  readonly defaultTtlMs: number | undefined
}
