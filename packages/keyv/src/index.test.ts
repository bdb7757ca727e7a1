import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Keyv from 'keyv'
import { open, type VarveError } from 'varve'
import { KeyvVarve } from './index.js'

// Keyv's own suite for adapters runs in compat/, where its runner is installed.

function temporaryPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-keyv-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'db')
}

test('what was set is there after disconnecting, until it expires', async (t) => {
  const path = temporaryPath(t)
  const keyv = new Keyv({ store: new KeyvVarve(path) })
  await keyv.set('stays', { n: [1, 'ü'] })
  await keyv.set('goes', 1, 60_000)
  await keyv.disconnect()
  const again = new Keyv({ store: new KeyvVarve(path) })
  assert.deepEqual(await again.get('stays'), { n: [1, 'ü'] })
  assert.equal(await again.get('goes'), 1)
  assert.deepEqual(await again.hasMany(['stays', 'goes', 'never']), [true, true, false])
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
  assert.equal(await again.has('goes'), false)
  assert.deepEqual(await again.get(['stays', 'goes']), [{ n: [1, 'ü'] }, undefined])
  await again.disconnect()
})

test('Keyvs with namespaces share an open database, which stays open', async (t) => {
  await using db = await open(temporaryPath(t), { valueEncoding: 'json' })
  const [a, b] = ['a', 'b'].map((namespace) => new Keyv({ store: new KeyvVarve(db), namespace }))
  await db.put('other', [1])
  await a.set('4', 'four', 1500)
  await a.setMany([
    { key: '1', value: 'one' },
    { key: '2', value: 'two' },
    { key: '3', value: 'three', ttl: 1000 },
  ])
  await b.set('1', 'eins')
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 })
  assert.deepEqual([...db.keys()], ['a:1', 'a:2', 'b:1', 'other'], 'what expired is gone')
  const seen: unknown[] = []
  for await (const entry of a.iterator!('a')) seen.push(entry)
  assert.deepEqual(seen, [
    ['1', 'one'],
    ['2', 'two'],
  ])
  assert.equal(await a.delete(['1', 'x']), true)
  assert.equal(await a.delete('1'), false)
  await a.clear()
  await a.disconnect()
  assert.equal(await b.get('1'), 'eins')
  assert.deepEqual([...db.keys()], ['b:1', 'other'])
})

test('a database that cannot be opened is an error, and tried again', async (t) => {
  const path = temporaryPath(t)
  const owner = await open(path)
  const keyv = new Keyv({ store: new KeyvVarve(path) })
  const codes: unknown[] = []
  keyv.on('error', (error: VarveError) => codes.push(error.code))
  assert.equal(await keyv.get('k'), undefined)
  assert.equal(await keyv.set('k', 'v'), false)
  assert.deepEqual(codes, ['LOCKED', 'LOCKED'])
  await owner.close()
  assert.equal(await keyv.set('k', 'v'), true)
  assert.equal(await keyv.get('k'), 'v')
  await keyv.disconnect()
})
