import type { Expiry } from './expiry.js'
import type { Namespaces } from './namespaces.js'

/** What Keyv 5 and Keyv 6 expect of an adapter differently. */
export interface Contract {
  /**
   * The key in the database for a `key` of Keyv.
   *
   * @throws INVALID_ARGUMENT if its namespace is unknown
   */
  storedKey(key: string, namespaces: Namespaces): string
  /** The key that an iterator over `namespace` gives to Keyv. */
  keyvKey(storedKey: string, namespace: string | undefined): string
  /** `time` is the third argument of `set`. */
  expiry(time: number | undefined): Expiry
  /** What `deleteMany` returns, from whether each key was there. */
  deleted(found: boolean[]): boolean | boolean[]
}
