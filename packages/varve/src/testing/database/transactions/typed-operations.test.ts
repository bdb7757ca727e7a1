import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import {
  type BatchOperation,
  type Database,
  json,
  type Keyspace,
  type KeyspaceOperation,
  type KeyValueStore,
  open,
} from '../../../index.js'

interface User {
  name: string
  role: 'admin' | 'guest'
  tags?: string[]
}

type Count = { kind: 'up' | 'down' }

interface Stores {
  db: Database<string, Count>
  users: Keyspace<string, User>
  sizes: Keyspace<Uint8Array, Uint8Array>
}

async function openStores(): Promise<Stores> {
  const db = await open('/db', {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    valueEncoding: json<Count>(),
  })
  const users = await db.keyspace('users', { valueEncoding: json<User>() })
  const sizes = await db.keyspace('sizes', { keyEncoding: 'binary', valueEncoding: 'binary' })
  return { db, users, sizes }
}

const one = new Uint8Array([1])

test('operations of a batch have the types of their keyspace', async () => {
  const { db, users, sizes } = await openStores()
  await db.batch([
    { type: 'put', key: 'a', value: { kind: 'up' } },
    {
      keyspace: users,
      type: 'put',
      key: 'ann',
      value: { name: 'Ann', role: 'admin', tags: ['x'] },
    },
    { keyspace: sizes, type: 'put', key: one, value: one },
    { keyspace: sizes, type: 'del', key: one },
  ])
  db.batchSync([])
  db.batchSync(['b', 'c'].map((key) => ({ type: 'put', key, value: { kind: 'up' } })))
  db.batchSync(['b', 'c'].map((key) => ({ keyspace: users, type: 'del', key })))
  const mixed = ['d', 'e'].flatMap((key) => [
    { type: 'put' as const, key, value: { kind: 'up' as const } },
    { keyspace: users, type: 'put' as const, key, value: { name: key, role: 'guest' as const } },
  ])
  await db.batch(mixed)
  const own: BatchOperation<string, Count>[] = [{ type: 'del', key: 'b' }]
  await db.batch(own)
  const unchecked: KeyspaceOperation[] = [{ keyspace: users, type: 'del', key: 'd' }]
  await db.batch(unchecked)
  assert.deepEqual([...users.keys()], ['ann', 'e'])
  assert.deepEqual([...db.keys()], ['a', 'c', 'd', 'e'])
  await db.close()
})

test('code for any store compiles', async () => {
  async function putBoth<K, V>(
    store: KeyValueStore<K, V>,
    key: K,
    value: V,
    users: Keyspace<string, User>,
  ): Promise<void> {
    await store.batch([
      { type: 'put', key, value },
      { keyspace: users, type: 'put', key: 'ann', value: { name: 'Ann', role: 'admin' } },
    ])
  }
  const { db, users } = await openStores()
  await putBoth(db, 'n', { kind: 'up' }, users)
  await db.transaction((tx) => putBoth(tx, 'n', { kind: 'down' }, users))
  assert.deepEqual(await db.get('n'), { kind: 'down' })
  await db.close()
})

/** Compiled, never called: each line after a comment must not compile. */
export function wrongTypes({ db, users, sizes }: Stores): void {
  // @ts-expect-error the keys of the database are text
  db.batchSync([{ type: 'put', key: 1, value: { kind: 'up' } }])
  // @ts-expect-error the value is not one of the database
  db.batchSync([{ type: 'put', key: 'a', value: { kind: 'sideways' } }])
  // @ts-expect-error the value is one of the database, not of the keyspace
  db.batchSync([{ keyspace: users, type: 'put', key: 'a', value: { kind: 'up' } }])
  // @ts-expect-error the keys of the keyspace are bytes
  db.batchSync([{ keyspace: sizes, type: 'del', key: 'a' }])
  db.batchSync([
    { type: 'del', key: 'a' },
    // @ts-expect-error the second operation is checked, too
    { keyspace: users, type: 'put', key: 'a', value: { name: 'Ann', role: 'chief' } },
  ])
  // @ts-expect-error 'keyspace' is not a store
  db.batchSync([{ keyspace: 3, type: 'del', key: 'a' }])
  const tx = db.begin()
  // @ts-expect-error the value is not one of the keyspace
  tx.batchSync([{ keyspace: users, type: 'put', key: 'a', value: 1 }])
  // @ts-expect-error the value is not one of the keyspace
  tx.keyspace(users).putSync('a', { kind: 'up' })
  // @ts-expect-error the keys of the keyspace are bytes
  db.indexedBatch().keyspace(sizes).delSync('a')
  // @ts-expect-error the value is not one of the keyspace
  db.atomic().keyspace(users).check('a', null).put('a', { kind: 'up' })
  // @ts-expect-error and the database has its own types
  db.atomic().put('a', { name: 'Ann', role: 'admin' })
}
