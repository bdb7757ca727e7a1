import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createStorage, restoreSnapshot, snapshot, type Storage } from 'unstorage'
import type { Database } from 'varve'
import varveDriver from './index.js'

// unstorage does not publish its suite for drivers. These tests ask for what it documents and its
// own drivers do.

function temporaryPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-unstorage-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'db')
}

function mounted(t: TestContext): Storage {
  // Closed before its folder goes.
  t.after(() => storage.dispose())
  const storage = createStorage({ driver: varveDriver({ path: temporaryPath(t) }) })
  return storage
}

test('an empty storage: nothing is there, and clearing it is no error', async (t) => {
  const storage = mounted(t)
  assert.equal(await storage.hasItem('a:b'), false)
  assert.equal(await storage.getItem('a:b'), null)
  assert.equal(await storage.getItemRaw('a:b'), null)
  assert.deepEqual(await storage.getItems(['a', 'b:c']), [
    { key: 'a', value: null },
    { key: 'b:c', value: null },
  ])
  await storage.removeItem('a')
  await storage.clear()
  assert.deepEqual(await storage.getKeys(), [])
})

test('items of every kind come back as they were', async (t) => {
  const storage = mounted(t)
  class Point {
    toJSON() {
      return { x: 1 }
    }
  }
  const items: [string, unknown, unknown?][] = [
    ['text', 'grüße 𝄞'],
    ['empty', ''],
    ['zero', 0],
    ['no', false],
    ['yes', true],
    ['null', null],
    ['list', [1, { a: [] }]],
    ['object.json', { json: 'works' }],
    ['point', new Point(), { x: 1 }],
    ['a/path\\to:it?query', 'normal'],
  ]
  for (const [key, value] of items) await storage.setItem(key, value as string)
  for (const [key, value, expected = value] of items) {
    assert.deepEqual(await storage.getItem(key), expected, key)
    assert.equal(await storage.hasItem(key), true, key)
  }
  assert.ok((await storage.getKeys()).includes('a:path:to:it'))
  await assert.rejects(storage.setItem('bad', new (class {})()), /stringify/)
  await storage.setItem('text', undefined as never)
  assert.equal(await storage.hasItem('text'), false)
})

test('raw items are bytes of any kind of buffer, or text', async (t) => {
  const storage = mounted(t)
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  const kinds = { bytes, buffer: bytes.buffer, view: new DataView(bytes.buffer), text: 'täxt' }
  for (const [key, value] of Object.entries(kinds)) await storage.setItemRaw(key, value)
  for (const key of ['bytes', 'buffer', 'view']) {
    assert.deepEqual(Buffer.from((await storage.getItemRaw<Uint8Array>(key))!), Buffer.from(bytes))
  }
  assert.equal(Buffer.from((await storage.getItemRaw<Uint8Array>('text'))!).toString(), 'täxt')
  for (const odd of [{ a: 1 }, 1, [1], true]) {
    await assert.rejects(storage.setItemRaw('odd', odd), { code: 'INVALID_ARGUMENT' })
  }
  await assert.rejects(storage.setItemRaw('k', 'lone \ud800'), { option: 'valueEncoding' })
})

test('many at once, keys below a base and to a depth, clearing below a base', async (t) => {
  const storage = mounted(t)
  await storage.setItems<string | number>([
    { key: 'top', value: 1 },
    { key: 'a:b', value: 'ab' },
    { key: 'a:b:c', value: 'abc' },
    { key: 'ab:c', value: 'other' },
  ])
  assert.deepEqual(await storage.getItems(['a:b', { key: 'gone' }, 'top?x']), [
    { key: 'a:b', value: 'ab' },
    { key: 'gone', value: null },
    { key: 'top', value: 1 },
  ])
  assert.deepEqual(await storage.getKeys(), ['a:b', 'a:b:c', 'ab:c', 'top'])
  assert.deepEqual(await storage.getKeys('a'), ['a:b', 'a:b:c'])
  assert.deepEqual(await storage.getKeys(undefined, { maxDepth: 0 }), ['top'])
  assert.deepEqual(await storage.getKeys(undefined, { maxDepth: 1 }), ['a:b', 'ab:c', 'top'])
  await storage.clear()
  assert.deepEqual(await storage.getKeys(), [])
})

test('meta, events, mounts and snapshots of a storage work above the driver', async (t) => {
  const storage = createStorage()
  t.after(() => storage.dispose())
  storage.mount('disk', varveDriver({ path: temporaryPath(t) }))
  const events: string[] = []
  await storage.watch((event, key) => events.push(`${event} ${key}`))
  await restoreSnapshot(storage, { 'disk:a:1': 'one', 'disk:b': 'two', memory: 'three' })
  assert.deepEqual(await snapshot(storage, 'disk:a'), { 1: 'one' })
  assert.deepEqual((await storage.getKeys()).sort(), ['disk:a:1', 'disk:b', 'memory'])
  await storage.setMeta('disk:b', { mtime: new Date(5), owner: 'ada' })
  assert.deepEqual({ ...(await storage.getMeta('disk:b')) }, { mtime: new Date(5), owner: 'ada' })
  await storage.removeItem('disk:b', { removeMeta: true })
  assert.deepEqual({ ...(await storage.getMeta('disk:b')) }, {})
  assert.ok(events.includes('update disk:a:1') && events.includes('remove disk:b'), events.join())
  await storage.clear('disk')
  assert.deepEqual(await storage.getKeys(), ['memory'])
})

test('items survive dispose, in the same storage and the next', async (t) => {
  const path = temporaryPath(t)
  const storage = createStorage({ driver: varveDriver({ path }) })
  await storage.setItem('k', 'v')
  await storage.dispose()
  assert.equal(await storage.getItem('k'), 'v')
  const database = (await storage.getMount().driver.getInstance!()) as Database<string, string>
  assert.equal(database.getSync('k'), 'v')
  const next = createStorage({ driver: varveDriver({ path }) })
  await assert.rejects(next.getItem('k'), { code: 'LOCKED' })
  await storage.dispose()
  assert.equal(await next.getItem('k'), 'v')
  await next.dispose()
})

test('an item with a ttl, in seconds, is gone after it', async (t) => {
  const storage = mounted(t)
  await storage.setItem('stays', 1)
  await storage.setItem('goes', 2, { ttl: 60 })
  await storage.setItemRaw('raw', Buffer.of(3), { ttl: 60 })
  await storage.setItems([{ key: 'many', value: '4', options: { ttl: 90 } }])
  assert.deepEqual(await storage.getKeys(), ['goes', 'many', 'raw', 'stays'])
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
  assert.deepEqual(await storage.getKeys(), ['many', 'stays'])
  assert.equal(await storage.getItem('goes'), null)
})

test('a ttl of 0, below it, or not finite means that an item never expires', async (t) => {
  const storage = mounted(t)
  const never = [0, -0, -1, NaN, Infinity, -Infinity, 1e300, undefined, null]
  for (const [i, ttl] of never.entries()) {
    await storage.setItem(`item:${i}`, i, { ttl })
    await storage.setItemRaw(`raw:${i}`, Buffer.of(i), { ttl })
    await storage.setItems([{ key: `many:${i}`, value: i, options: { ttl } }])
  }
  await storage.setItem('fraction', 1, { ttl: 0.0001 })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2 ** 40 })
  assert.equal((await storage.getKeys()).length, 3 * never.length)
})

test('a ttl that is not a number is refused', async (t) => {
  const storage = mounted(t)
  const refusal = { code: 'INVALID_ARGUMENT', option: 'ttl', message: /number of seconds/ }
  await assert.rejects(storage.setItem('k', 1, { ttl: '60' }), refusal)
  await assert.rejects(storage.setItemRaw('k', Buffer.of(1), { ttl: 60n }), refusal)
  assert.equal(await storage.hasItem('k'), false)
})

test('the ttl of the driver holds for items without their own', async (t) => {
  const driver = varveDriver({ path: temporaryPath(t), ttl: 60 })
  const storage = createStorage({ driver })
  await storage.setItem('default', 1)
  await storage.setItem('longer', 2, { ttl: 90 })
  await storage.setItem('never', 3, { ttl: 0 })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
  assert.deepEqual(await storage.getKeys(), ['longer', 'never'])
  await storage.dispose()
})
