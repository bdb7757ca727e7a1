import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { open } from 'varve'
import { KeyvVarve } from './index.js'

// The contract of Keyv 6, asked of the adapter itself.

async function adapter(t: TestContext): Promise<KeyvVarve> {
  const folder = mkdtempSync(join(tmpdir(), 'varve-keyv-'))
  const db = await open(folder)
  t.after(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return new KeyvVarve(db)
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('one key: set, get, has, delete', async (t) => {
  const store = await adapter(t)
  assert.equal(await store.get('k'), undefined)
  assert.equal(await store.has('k'), false)
  assert.equal(await store.delete('k'), false)
  assert.equal(await store.set('k', 'v'), true)
  assert.equal(await store.get('k'), 'v')
  assert.equal(await store.has('k'), true)
  assert.equal(await store.delete('k'), true)
  assert.equal(await store.get('k'), undefined)
})

test('many keys: a result for each, in their order', async (t) => {
  const store = await adapter(t)
  const entries = ['a', 'b', 'c'].map((key) => ({ key, value: key.toUpperCase() }))
  assert.deepEqual(await store.setMany(entries), [true, true, true])
  assert.deepEqual(await store.getMany(['c', 'x', 'a']), ['C', undefined, 'A'])
  assert.deepEqual(await store.hasMany(['c', 'x', 'a']), [true, false, true])
  assert.deepEqual(await store.deleteMany(['c', 'x', 'a']), [true, false, true])
  assert.deepEqual(await store.hasMany(['a', 'b', 'c']), [false, true, false])
})

test('no keys are no error', async (t) => {
  const store = await adapter(t)
  assert.deepEqual(await store.setMany([]), [])
  assert.deepEqual(await store.getMany([]), [])
  assert.deepEqual(await store.hasMany([]), [])
  assert.deepEqual(await store.deleteMany([]), [])
})

test('expiry is a time, for each entry', async (t) => {
  const store = await adapter(t)
  const now = Date.now()
  await store.set('old', 'former value')
  await store.set('old', 'v', now - 1)
  await store.setMany([
    { key: 'soon', value: 'v', expires: now + 1000 },
    { key: 'later', value: 'v', expires: now + 3000.5 },
    { key: 'gone', value: 'v', expires: 0 },
    { key: 'never', value: 'v', expires: Infinity },
    { key: 'not a time', value: 'v', expires: NaN },
    { key: 'none', value: 'v' },
  ])
  const keys = ['old', 'gone', 'soon', 'later', 'never', 'not a time', 'none']
  assert.deepEqual(await store.hasMany(keys), [false, false, true, true, true, true, true])
  t.mock.timers.enable({ apis: ['Date'], now: now + 2000 })
  assert.deepEqual(await store.hasMany(keys), [false, false, false, true, true, true, true])
  assert.equal(await store.get('soon'), undefined)
  t.mock.timers.setTime(now + 2 ** 40)
  assert.deepEqual(await store.hasMany(keys), [false, false, false, false, true, true, true])
})

test('the adapter keeps namespaces apart', async (t) => {
  const store = await adapter(t)
  assert.equal(store.namespace, undefined)
  await store.set('k', 'none')
  for (const namespace of ['a', 'ab', 'b']) {
    store.namespace = namespace
    assert.equal(store.namespace, namespace)
    await store.set('k', namespace)
    await store.set('l:m', namespace)
  }
  store.namespace = 'a'
  assert.equal(await store.get('k'), 'a')
  assert.deepEqual(await collect(store.iterator()), [
    ['k', 'a'],
    ['l:m', 'a'],
  ])
  assert.deepEqual(await collect(store.iterator('b')), [
    ['k', 'b'],
    ['l:m', 'b'],
  ])
  await store.clear()
  assert.deepEqual(await collect(store.iterator()), [])
  store.namespace = undefined
  const keys = (await collect(store.iterator())).map(([key]) => key)
  assert.deepEqual(keys, ['ab:k', 'ab:l:m', 'b:k', 'b:l:m', 'k'])
  await store.clear()
  assert.deepEqual(await collect(store.iterator()), [])
})

test('the capabilities name methods that exist', async (t) => {
  const store = await adapter(t)
  const { methods, expires } = store.capabilities
  assert.equal(expires, true)
  for (const name of Object.keys(methods) as (keyof typeof methods)[]) {
    assert.equal(typeof store[name], 'function', name)
  }
})
