import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Keyv as Keyv5 } from 'keyv5'
import { Keyv as Keyv6 } from 'keyv6'
import { open, type VarveError } from 'varve'
import { KeyvVarve } from './index.js'

// Keyv's own suites for adapters run in compat/, where their runner is installed.

/** What these tests call, which is the same in both. */
interface AnyKeyv {
  on(event: string, listener: (error: VarveError) => void): unknown
  get(key: string): Promise<unknown>
  getMany(keys: string[]): Promise<unknown[]>
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<unknown>
  has(key: string): Promise<boolean>
  hasMany(keys: string[]): Promise<boolean[]>
  delete(key: string): Promise<boolean>
  deleteMany(keys: string[]): Promise<boolean | boolean[]>
  clear(): Promise<void>
  disconnect(): Promise<void>
  iterator?: unknown
}

const majors: [string, (store: KeyvVarve, namespace?: string) => AnyKeyv][] = [
  ['Keyv 5', (store, namespace = 'keyv') => new Keyv5({ store, namespace })],
  ['Keyv 6', (store, namespace = 'keyv') => new Keyv6({ store, namespace })],
]

async function entriesOf(keyv: AnyKeyv): Promise<[string, unknown][]> {
  const walk = keyv.iterator as (this: AnyKeyv) => AsyncIterable<[string, unknown]>
  const entries: [string, unknown][] = []
  for await (const entry of walk.call(keyv)) entries.push(entry)
  return entries
}

function temporaryPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-keyv-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'db')
}

for (const [major, keyvWith] of majors) {
  test(`${major}: entries stay after disconnecting, until they expire`, async (t) => {
    const path = temporaryPath(t)
    const keyv = keyvWith(new KeyvVarve(path))
    await keyv.set('stays', { n: [1, 'ü'] })
    await keyv.set('goes', 1, 60_000)
    await keyv.disconnect()
    const again = keyvWith(new KeyvVarve(path))
    assert.deepEqual(await again.get('stays'), { n: [1, 'ü'] })
    assert.equal(await again.get('goes'), 1)
    assert.deepEqual(await again.hasMany(['stays', 'goes', 'never']), [true, true, false])
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
    assert.equal(await again.has('goes'), false)
    assert.deepEqual(await again.hasMany(['stays', 'goes']), [true, false])
    assert.deepEqual(await again.getMany(['stays', 'goes']), [{ n: [1, 'ü'] }, undefined])
    await again.disconnect()
  })

  test(`${major}: Keyvs with namespaces share an open database, which stays open`, async (t) => {
    await using db = await open(temporaryPath(t), { valueEncoding: 'json' })
    const [a, b] = ['a', 'b'].map((namespace) => keyvWith(new KeyvVarve(db), namespace))
    await db.put('other', [1])
    await a.set('4', 'four', 1500)
    const set = await a.setMany([
      { key: '1', value: 'one' },
      { key: '2', value: 'two' },
      { key: '3', value: 'three', ttl: 1000 },
    ])
    assert.deepEqual(set, [true, true, true])
    await b.set('1', 'eins')
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 })
    assert.deepEqual([...db.keys()], ['a:1', 'a:2', 'b:1', 'other'], 'expired entries are gone')
    assert.deepEqual(await entriesOf(a), [
      ['1', 'one'],
      ['2', 'two'],
    ])
    const deleted = await a.deleteMany(['x', '1'])
    assert.deepEqual(deleted, major === 'Keyv 6' ? [false, true] : true)
    assert.equal(await a.delete('1'), false)
    await a.clear()
    await a.disconnect()
    assert.equal(await b.get('1'), 'eins')
    assert.deepEqual([...db.keys()], ['b:1', 'other'])
  })

  test(`${major}: a time to live that never ends, or has ended`, async (t) => {
    await using db = await open(temporaryPath(t))
    const keyv = keyvWith(new KeyvVarve(db))
    const never = [0, NaN, Infinity, -Infinity, 2 ** 50, Number.MAX_VALUE]
    for (const ttl of never) {
      assert.equal(await keyv.set(`${ttl}`, ttl, ttl), true, `${ttl}`)
      assert.equal(await keyv.has(`${ttl}`), true, `${ttl}`)
    }
    assert.deepEqual(
      await keyv.setMany(never.map((ttl) => ({ key: `many ${ttl}`, value: ttl, ttl }))),
      never.map(() => true),
    )
    assert.equal([...db.keys()].length, 2 * never.length)
    await keyv.set('fraction', 1, 0.5)
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2 ** 40 })
    assert.equal([...db.keys()].length, 2 * never.length)
  })

  test(`${major}: a database that cannot be opened is an error, and tried again`, async (t) => {
    const path = temporaryPath(t)
    const owner = await open(path)
    const keyv = keyvWith(new KeyvVarve(path))
    const codes: unknown[] = []
    keyv.on('error', (error) => codes.push(error.code))
    assert.equal(await keyv.get('k'), undefined)
    assert.equal(await keyv.set('k', 'v'), false)
    assert.deepEqual(codes, ['LOCKED', 'LOCKED'])
    await owner.close()
    assert.equal(await keyv.set('k', 'v'), true)
    assert.equal(await keyv.get('k'), 'v')
    await keyv.disconnect()
  })
}

test('Keyv 5 and Keyv 6 find the entries of each other', async (t) => {
  await using db = await open(temporaryPath(t))
  const [old, current] = majors.map(([, keyvWith]) => keyvWith(new KeyvVarve(db), 'users'))
  await old.set('ada', 1815)
  await current.set('grace', 1906)
  assert.equal(await current.get('ada'), 1815)
  assert.equal(await old.get('grace'), 1906)
  assert.deepEqual(await entriesOf(old), await entriesOf(current))
})

test('Keyv 5: an entry with a negative time to live deletes the previous one', async (t) => {
  await using db = await open(temporaryPath(t))
  const keyv = new Keyv5({ store: new KeyvVarve(db) })
  await keyv.set('k', 1)
  assert.equal(await keyv.set('k', 2, -1), true)
  assert.equal(await keyv.has('k'), false)
  assert.deepEqual([...db.keys()], [])
})

test('Keyv 6: an absolute expiry that has passed leaves nothing', async (t) => {
  await using db = await open(temporaryPath(t))
  const keyv = new Keyv6({ store: new KeyvVarve(db) })
  await keyv.set('k', 1)
  await keyv.setRaw('k', { value: 2, expires: Date.now() - 1 })
  await keyv.setRaw('later', { value: 3, expires: Date.now() + 60_000 })
  assert.deepEqual([...db.keys()], ['later'])
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
  assert.deepEqual([...db.keys()], [])
})

test('Keyv 6 without a namespace uses the adapter unchanged; clear empties it', async (t) => {
  await using db = await open(temporaryPath(t))
  const store = new KeyvVarve(db)
  const keyv = new Keyv6({ store })
  assert.equal(keyv.store, store, 'no bridge')
  await keyv.set('k', 1)
  await db.put('other', '1')
  assert.deepEqual([...db.keys()], ['k', 'other'])
  await keyv.clear()
  assert.deepEqual([...db.keys()], [])
})
