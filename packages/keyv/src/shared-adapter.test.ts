import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Keyv as Keyv5 } from 'keyv5'
import { Keyv as Keyv6 } from 'keyv6'
import { type Database, open, type VarveError } from 'varve'
import { KeyvVarve } from './index.js'

/** A database that is closed before its folder is removed. */
async function openTemporary(t: TestContext): Promise<Database<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'varve-keyv-'))
  const db = await open(folder)
  t.after(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return db
}

async function keysOf(keyv: Keyv5): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of keyv.iterator!(undefined) as AsyncIterable<[string]>) keys.push(key)
  return keys
}

test('Keyv 5: two on one adapter read, write and walk in their own namespaces', async (t) => {
  const db = await openTemporary(t)
  const store = new KeyvVarve(db)
  const a = new Keyv5({ store, namespace: 'a' })
  const b = new Keyv5({ store, namespace: 'b' })
  await a.set('k', 1)
  await a.set('about', 2)
  await b.set('k', 3)
  assert.deepEqual([await a.get('k'), await b.get('k')], [1, 3])
  assert.deepEqual(await keysOf(a), ['about', 'k'])
  assert.deepEqual(await keysOf(b), ['k'])
  assert.equal(await a.delete('k'), true)
  assert.equal(await b.get('k'), 3)
})

test('Keyv 5: two on one adapter are refused clear, which does not say whose it is', async (t) => {
  const db = await openTemporary(t)
  const store = new KeyvVarve(db)
  const a = new Keyv5({ store, namespace: 'a', throwOnErrors: true })
  const b = new Keyv5({ store, namespace: 'b' })
  await a.set('k', 1)
  await b.set('k', 2)
  const errors: VarveError[] = []
  b.on('error', (error: VarveError) => errors.push(error))
  await assert.rejects(a.clear(), { code: 'INVALID_ARGUMENT', message: /clear\(\).*'a', 'b'/ })
  await b.clear()
  assert.equal(errors[0].code, 'INVALID_ARGUMENT')
  assert.deepEqual([...db.keys()], ['a:k', 'b:k'])
})

test('Keyv 5: several with the same namespace on one adapter may clear it', async (t) => {
  const db = await openTemporary(t)
  const store = new KeyvVarve(db)
  const [a, other] = [1, 2].map(() => new Keyv5({ store, namespace: 'a', throwOnErrors: true }))
  await a.set('k', 1)
  await db.put('b:k', '2')
  await other.clear()
  assert.deepEqual([...db.keys()], ['b:k'])
})

test('Keyv 5: a namespace that changes takes clear and iterator with it', async (t) => {
  const db = await openTemporary(t)
  const store = new KeyvVarve(db)
  store.on('error', () => undefined)
  const keyv = new Keyv5({ store, namespace: 'a', throwOnErrors: true })
  await keyv.set('k', 1)
  keyv.namespace = 'b'
  await keyv.set('l', 2)
  assert.deepEqual(await keysOf(keyv), ['l'])
  await keyv.clear()
  assert.deepEqual([...db.keys()], ['a:k'])
})

test('Keyv 5: clear and iterator without a key prefix', async (t) => {
  const db = await openTemporary(t)
  const options = { namespace: 'a', throwOnErrors: true }
  const plain = new Keyv5({ store: new KeyvVarve(db), useKeyPrefix: false, ...options })
  const prefixed = new Keyv5({ store: new KeyvVarve(db), namespace: 'b' })
  await prefixed.set('k', 0)
  const keys = ['a:k', 'k', 'x:y']
  for (const key of keys) await plain.set(key, key)
  assert.deepEqual(await plain.get(keys), keys)
  assert.deepEqual((await keysOf(plain)).sort(), keys)
  assert.deepEqual(await plain.hasMany(keys), [true, true, true])
  await plain.clear()
  assert.deepEqual(await plain.get(keys), [undefined, undefined, undefined])
  assert.deepEqual([...db.keys()], ['b:k'])
})

test('Keyv 5: two without a key prefix cannot share an adapter', async (t) => {
  const store = new KeyvVarve(await openTemporary(t))
  const options = { store, useKeyPrefix: false, throwOnErrors: true }
  const a = new Keyv5({ ...options, namespace: 'a' })
  await a.set('k', 1)
  const b = new Keyv5({ ...options, namespace: 'b' })
  await assert.rejects(a.get('k'), { code: 'INVALID_ARGUMENT', message: /'k'.*no namespace/ })
  await assert.rejects(b.set('k', 2), { code: 'INVALID_ARGUMENT' })
})

test('Keyv 6: a second namespace on one adapter is refused, and changes nothing', async (t) => {
  const db = await openTemporary(t)
  const store = new KeyvVarve(db)
  store.on('error', () => undefined)
  const a = new Keyv6({ store, namespace: 'a' })
  await a.set('k', 1)
  await db.put('b:k', '2')
  const refusal = { code: 'INVALID_ARGUMENT', message: /second namespace.*'a', 'b'/ }
  assert.throws(() => new Keyv6({ store, namespace: 'b' }), refusal)
  assert.equal(await a.get('k'), 1)
  await a.clear()
  assert.deepEqual([...db.keys()], ['b:k'])
})

test('Keyv 6: the only one on an adapter may change its namespace', async (t) => {
  const db = await openTemporary(t)
  const keyv = new Keyv6({ store: new KeyvVarve(db), namespace: 'a' })
  await keyv.set('k', 1)
  keyv.namespace = 'b'
  await keyv.set('l', 2)
  await keyv.clear()
  assert.deepEqual([...db.keys()], ['a:k'])
})

test('Keyv 6: those of one namespace share an adapter, and cannot leave it', async (t) => {
  const store = new KeyvVarve(await openTemporary(t))
  const first = new Keyv6({ store, namespace: 'a' })
  const second = new Keyv6({ store, namespace: 'a' })
  await first.set('k', 1)
  assert.equal(await second.get('k'), 1)
  assert.throws(() => (second.namespace = 'b'), { code: 'INVALID_ARGUMENT' })
  assert.equal(await first.get('k'), 1)
})

test('Keyv 6: a namespace does not move a Keyv that has none', async (t) => {
  const store = new KeyvVarve(await openTemporary(t))
  const whole = new Keyv6({ store })
  await whole.set('k', 1)
  assert.throws(() => new Keyv6({ store, namespace: 'a' }), { code: 'INVALID_ARGUMENT' })
  assert.equal(await whole.get('k'), 1)
})

test('a Keyv 5 and a Keyv 6 cannot share an adapter', async (t) => {
  const db = await openTemporary(t)
  const [five, six] = [new KeyvVarve(db), new KeyvVarve(db)]
  assert.ok(new Keyv5({ store: five }))
  assert.throws(() => new Keyv6({ store: five }), { code: 'INVALID_ARGUMENT' })
  assert.ok(new Keyv6({ store: six }))
  assert.throws(() => new Keyv5({ store: six }), { code: 'INVALID_ARGUMENT' })
})
