import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VarveLevel } from '@varve/level'
import { open } from 'varve'
import { type Finished, temporaryFolder, varveIn } from '../../testing/run-varve.js'

// The other engines are installed with the benchmarks, not in the workspace.
const bench = fileURLToPath(new URL('../../../../../bench/', import.meta.url))
const require = createRequire(bench)
const skipWithout = (name: string) => {
  try {
    require.resolve(name)
    return false
  } catch {
    return `${name} is not installed: npm ci --prefix bench`
  }
}

const main = fileURLToPath(new URL('../../main.js', import.meta.url))

/** In a process that has the other engines among its packages. */
function varveInBench(...args: string[]): Finished {
  const run = spawnSync(process.execPath, [main, ...args], { cwd: bench, encoding: 'utf8' })
  return { exit: run.status ?? -1, out: run.stdout, err: run.stderr }
}

const bytes = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

test(
  'leveldb: every entry of classic-level is read by VarveLevel',
  skip('classic-level'),
  async (t) => {
    const folder = temporaryFolder(t)
    const [from, to] = [join(folder, 'old'), join(folder, 'new')]
    const { ClassicLevel } = require('classic-level') as { ClassicLevel: typeof VarveLevel }
    const old = new ClassicLevel<Buffer, Buffer>(from, bytes)
    const keys = ['', '00', '0000', '0001', 'ff', 'ff00'].map((hex) => Buffer.from(hex, 'hex'))
    for (let i = 0; i < 3000; i++) keys.push(Buffer.from(`key ${i}`))
    await old.batch(keys.map((key, i) => ({ type: 'put', key, value: Buffer.alloc(i % 700, i) })))
    const entries = await old.iterator().all()
    await old.close()

    const { exit, out, err } = varveInBench('import', '--from', 'leveldb', from, to, '--json')
    assert.equal(exit, 0, err)
    const record = JSON.parse(out) as { imported: number; verified: { records: number } }
    assert.deepEqual([record.imported, record.verified.records], [3006, 3006])
    const db = new VarveLevel<Buffer, Buffer>(to, bytes)
    assert.deepEqual(await db.iterator().all(), entries)
    await db.close()

    const again = varveInBench('import', '--from', 'leveldb', from, to)
    assert.equal(again.exit, 2)
    assert.match(again.err, /holds entries already/)
    const locked = new ClassicLevel(from)
    await locked.open()
    const busy = varveInBench('import', '--from', 'leveldb', from, join(folder, 'newer'))
    assert.equal(busy.exit, 1)
    assert.match(busy.err, /LevelDB does not open .*: .*lock/i)
    await locked.close()
  },
)

test(
  'lmdb: the bytes of keys and values, of the main database or a named one',
  skip('lmdb'),
  async (t) => {
    const folder = temporaryFolder(t)
    const from = join(folder, 'old')
    const lmdb = require('lmdb') as {
      open(options: object): LmdbDatabase
    }
    interface LmdbDatabase {
      put(key: unknown, value: unknown): Promise<boolean>
      openDB(options: object): LmdbDatabase
      close(): Promise<void>
    }
    const old = lmdb.open({ path: from, encoding: 'json' })
    for (let i = 0; i < 2500; i++) void old.put(`key ${i}`, { i })
    const named = old.openDB({ name: 'other', encoding: 'binary' })
    await named.put([1, 'a'], Buffer.from([1, 2]))
    await named.put('text', Buffer.alloc(0))
    await old.close()

    const to = join(folder, 'other')
    const run = varveInBench('import', '--from', 'lmdb', from, to, '--source-db', 'other')
    assert.equal(run.exit, 0, run.err)
    assert.match(run.out, /^imported 2 entries, .*, verified 2 entries, checksum [0-9a-f]{8}\n$/)
    const other = await open(to, { valueEncoding: 'binary' })
    assert.deepEqual(other.getSync('text'), Buffer.alloc(0))
    await other.close()

    const copy = join(folder, 'copy')
    const args = ['import', '--from', 'lmdb', from, '--db', copy, '--no-verify']
    const main = varveInBench(...args)
    assert.match(main.out, /^imported 2,500 entries, .*, not verified\n$/)
    assert.match(main.err, /^varve: not copied: the named database other;/)
    const db = await open(copy, { valueEncoding: 'json' })
    assert.deepEqual([db.getSync('key 1234'), [...db.keys()].length], [{ i: 1234 }, 2500])
    await db.close()
  },
)

test('a missing package, directory or destination is named', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const from = join(folder, 'old')
  for (const engine of ['leveldb', 'lmdb']) {
    const { exit, err } = await varve(['import', '--from', engine, from])
    assert.deepEqual([exit, err], [1, `varve: ${from} holds no database\n`])
  }
  mkdirSync(from)
  const none = await varve(['import', '--from', 'lmdb', from])
  assert.equal(none.exit, 2)
  assert.match(
    none.err,
    /reads with the package lmdb, which is not installed here: npm install lmdb/,
  )
  assert.equal((await varve(['import', '--from', 'rocksdb', from])).exit, 2)
  assert.equal((await varve(['import', '--from', 'leveldb'])).exit, 2)
  assert.equal((await varve(['import', 'a.csv', 'b'])).exit, 2)
  assert.equal((await varve(['import', '--from', 'leveldb', from, '--source-db', 'x'])).exit, 2)
  rmSync(from, { recursive: true })
})

function skip(name: string): { skip: string | false } {
  return { skip: skipWithout(name) }
}
