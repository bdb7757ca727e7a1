import { crc32 } from 'node:zlib'
import { DataError } from '../exit-code.js'
import type { BinaryDatabase } from '../database/binary-database.js'
import { printable } from '../text/printable.js'
import type { ForeignDatabase, ForeignEntry } from './foreign-database.js'

const maxKeyBytes = 64 * 1024

export interface CopyTotals {
  records: number
  /** Of keys and values. */
  bytes: number
}

export type OnProgress = (totals: CopyTotals) => void

/**
 * writes all entries after the key `after` to `db`, list by list, in their order. What an
 * interrupted run leaves is therefore a beginning of the whole, and its last key is where the next
 * one goes on.
 */
export async function copyEntries(
  source: ForeignDatabase,
  db: BinaryDatabase,
  after: Uint8Array | undefined,
  onProgress: OnProgress,
): Promise<CopyTotals> {
  const totals: CopyTotals = { records: 0, bytes: 0 }
  let before = after
  for await (const list of source.entries(after)) {
    for (const [key] of list) before = requireNext(before, key)
    await db.batch(list.map(([key, value]) => ({ type: 'put', key, value })))
    count(totals, list)
    onProgress(totals)
  }
  await db.flush()
  return totals
}

export interface Verified extends CopyTotals {
  /** crc32 of all keys and values with their lengths, in order. */
  checksum: number
}

/** Reads both from the beginning, side by side, and compares every byte. */
export async function verifyCopy(
  source: ForeignDatabase,
  db: BinaryDatabase,
  onProgress: OnProgress,
): Promise<Verified> {
  const totals: Verified = { records: 0, bytes: 0, checksum: 0 }
  const copied: Iterator<ForeignEntry, undefined> = db.entries()[Symbol.iterator]()
  const lengths = new Uint32Array(2)
  for await (const list of source.entries(undefined)) {
    for (const [key, value] of list) {
      const next = copied.next().value
      if (next === undefined || !isSame(next[0], key) || !isSame(next[1], value)) {
        throw differs(`the entry of ${printable(key)}`)
      }
      lengths[0] = key.length
      lengths[1] = value.length
      totals.checksum = crc32(value, crc32(key, crc32(lengths, totals.checksum)))
    }
    count(totals, list)
    onProgress(totals)
  }
  const extra = copied.next().value
  if (extra !== undefined) throw differs(`${printable(extra[0])}, which the source has not`)
  return totals
}

/** `key`, if it can be a key here and comes after `before`. */
function requireNext(before: Uint8Array | undefined, key: Uint8Array): Uint8Array {
  if (key.length >= maxKeyBytes) {
    throw new DataError(`a key has ${key.length} bytes; here, keys have less than ${maxKeyBytes}`)
  }
  if (before === undefined) return key
  const order = Buffer.compare(before, key)
  if (order === 0) {
    throw new DataError(`${printable(key)} has several values; here, a key has one`)
  }
  if (order > 0) throw new DataError('the source does not sort its keys by their bytes')
  return key
}

function count(totals: CopyTotals, list: readonly ForeignEntry[]): void {
  totals.records += list.length
  for (const [key, value] of list) totals.bytes += key.length + value.length
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function differs(where: string): DataError {
  return new DataError(
    `the copy differs from the source at ${where}. Was one of them written to meanwhile? ` +
      'Remove the copy and import again',
  )
}
