import { VarveError } from 'varve'

/** The engine takes a longer one for a mistake. */
const longestTtlMs = 2 ** 46

/**
 * The `ttlMs` of a put for the `ttl` of unstorage, in seconds. As with unstorage's own drivers, an
 * item whose `ttl` is 0, negative or not a finite number never expires.
 *
 * @throws INVALID_ARGUMENT if `ttl` is not a number
 */
export function ttlOf(ttl: unknown): { ttlMs?: number } {
  if (ttl === undefined || ttl === null) return {}
  if (typeof ttl !== 'number') {
    const message = `'ttl' must be a number of seconds, not a value of type ${typeof ttl}`
    throw new VarveError('INVALID_ARGUMENT', message, { option: 'ttl' })
  }
  const ttlMs = ttl * 1000
  return ttlMs > 0 && ttlMs <= longestTtlMs ? { ttlMs } : {}
}
