import { invalidArgument } from '../../base/errors.js'
import { unknownName } from '../../base/unknown-name.js'
import { describe } from '../../batch/encoding.js'
import { expiryAfter, maxTtlMs } from '../../key/expiry.js'
import type { PutOptions, WriteOptions } from '../api.js'
import { requireObject } from '../options/arguments.js'

/** Checks the options of a write and returns `sync`. */
export function syncOf(options: WriteOptions | undefined): boolean {
  if (options === undefined) return false
  return checkedSync(options, writeNames)
}

/** Like `syncOf`, for a put. `expiryOf` checks its `ttlMs`. */
export function syncOfPut(options: PutOptions | undefined): boolean {
  if (options === undefined) return false
  return checkedSync(options, putNames)
}

/** When a put made now expires, in milliseconds since 1970. */
export function expiryOf(ttlMs: unknown, nowMs: number): number {
  if (typeof ttlMs === 'number' && ttlMs > 0 && ttlMs <= maxTtlMs)
    return checkedExpiry(nowMs, ttlMs)
  const range = `above 0 and up to ${maxTtlMs}`
  throw invalidArgument(`'ttlMs' must be a number ${range}, not ${describe(ttlMs)}`, 'ttlMs')
}

/** Refuses a time before 1970, which cannot be encoded. */
function checkedExpiry(nowMs: number, ttlMs: number): number {
  const expiresAtMs = expiryAfter(nowMs, ttlMs)
  if (expiresAtMs >= 0) return expiresAtMs
  throw invalidArgument(
    `a put with 'ttlMs' needs a correct clock, but this one shows a time before 1970 ` +
      `(${nowMs} ms); set the clock, or put without 'ttlMs'`,
    'ttlMs',
  )
}

const writeNames: readonly string[] = ['sync']
const putNames: readonly string[] = ['sync', 'ttlMs']

function checkedSync(options: WriteOptions, names: readonly string[]): boolean {
  requireObject(options, 'the options of a write')
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw unknownName(name, names, 'write option')
  }
  const { sync = false } = options
  if (typeof sync !== 'boolean') throw invalidArgument("'sync' must be true or false", 'sync')
  return sync
}
