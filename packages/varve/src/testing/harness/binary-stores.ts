import assert from 'node:assert/strict'
import type { BatchOperation, OpenOptions } from '../../db/api.js'
import type { Database } from '../../db/database.js'
import { type Keyspace, type KeyspaceOperation, open } from '../../index.js'

export type BinaryDatabase = Database<Uint8Array, Uint8Array>
export type BinaryKeyspace = Keyspace<Uint8Array, Uint8Array>
export type BinaryOperation = BatchOperation<Uint8Array, Uint8Array> | KeyspaceOperation
export type Entry = readonly [Uint8Array, Uint8Array]

export function openBinary(path: string, options: OpenOptions): Promise<BinaryDatabase> {
  return open(path, { ...options, keyEncoding: 'binary', valueEncoding: 'binary' })
}

export function bytes(key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

export function latin1(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}

export function assertSame(
  actual: Uint8Array | undefined,
  expected: Buffer | undefined,
  what: string,
): void {
  if (actual === undefined || expected === undefined) assert.equal(actual, expected, what)
  else assert.ok(expected.equals(actual), `${what}: another value`)
}

export function assertEntries(actual: Entry[], expected: [string, Buffer][], what: string): void {
  const keys = actual.map(([key]) => latin1(key))
  assert.deepEqual(
    keys,
    expected.map(([key]) => key),
    what,
  )
  for (const [i, [, value]] of actual.entries()) assertSame(value, expected[i][1], what)
}
