/** The `ttlMs` of a put, none if the entry does not expire, or `expired` if its time has passed. */
export type Expiry = { ttlMs?: number } | 'expired'

/** The engine takes a longer one for a mistake. Keyv's own expiry in the value still applies. */
const longestTtlMs = 2 ** 46

/** Keyv writes 0 and what is not finite as "never", and a negative time to live as the past. */
export function expiryAfter(ttlMs: number | undefined): Expiry {
  if (typeof ttlMs !== 'number' || !Number.isFinite(ttlMs) || ttlMs === 0) return {}
  if (ttlMs < 0) return 'expired'
  return ttlMs > longestTtlMs ? {} : { ttlMs }
}

/** `timeMs` counts from 1970. A time that is not finite means "never". */
export function expiryAt(timeMs: number | undefined): Expiry {
  if (typeof timeMs !== 'number' || !Number.isFinite(timeMs)) return {}
  const remainingMs = timeMs - Date.now()
  return remainingMs > 0 ? expiryAfter(remainingMs) : 'expired'
}
