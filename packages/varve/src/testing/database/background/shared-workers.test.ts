import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sharedWorkerPool } from '../../../compaction/executors/worker-pool.js'
import { type Database, open, type OpenOptions, type VarveError } from '../../../index.js'
import { codec as crashingCodec } from '../../harness/crashing-codec.js'
import { codec as zeroRunCodec } from '../../harness/zero-run-codec.js'

const KiB = 1024

type Options = OpenOptions<'utf8', 'utf8'>

const small: Options = { memtableBytes: 64 * KiB, tableBytes: 32 * KiB }
const moduleOf = (name: string): string => new URL(`../../harness/${name}.js`, import.meta.url).href
const zeroRun = { ...zeroRunCodec, module: moduleOf('zero-run-codec') }
const crashing = { ...crashingCodec, module: moduleOf('crashing-codec') }

function temporaryRoot(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'varve-workers-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  return root
}

const keyOf = (i: number): string => `k${String(i).padStart(5, '0')}`

function fill(db: Database<string, string>, count: number, valueBytes = 100): void {
  for (let i = 0; i < count; i++) db.putSync(keyOf(i), String(i).padEnd(valueBytes, '.'))
}

function workersOf(niceness: number, codecModules: readonly string[] = []): number {
  return sharedWorkerPool.group({ niceness, codecModules }).workers.length
}

test('databases share one worker in turns, also with blocked threads', async (context) => {
  const root = temporaryRoot(context)
  const paths = Array.from({ length: 12 }, (_, i) => join(root, `${i}`))
  const databases = await Promise.all(paths.map((path) => open(path, small)))
  for (let i = 0; i < 1500; i++) {
    for (const [number, db] of databases.entries()) {
      const value = `${number} ${i} `.padEnd(100, '.')
      if (number % 2 === 0) db.putSync(keyOf(i), value)
      else if (i % 50 === 0) await db.put(keyOf(i), value)
      else void db.put(keyOf(i), value)
    }
  }
  await Promise.all(databases.map((db) => db.compact()))
  assert.equal(workersOf(5), 1)
  for (const [number, db] of databases.entries()) {
    const { flushes, compactions } = db.stats()
    assert.ok(flushes.count > 1, `${flushes.count} flushes`)
    assert.deepEqual([flushes.failure, compactions.failure], [undefined, undefined])
    const values = [...db.values()]
    assert.equal(values.length, 1500)
    assert.ok(values.every((value, i) => value.startsWith(`${number} ${i} `)))
  }
  await Promise.all(databases.map((db) => db.close()))
})

test('a rate limit slows only its own database, and close waits for no other', async (context) => {
  const root = temporaryRoot(context)
  const slow = await open(join(root, 'slow'), {
    ...small,
    memtableBytes: 8 * KiB * KiB,
    background: { bytesPerSecond: 64 * KiB },
  })
  const quick = await open(join(root, 'quick'), small)
  fill(slow, 5000, 1000)
  const slowFlush = slow.flush().then(
    () => 'flushed',
    (error: VarveError) => error.code,
  )
  fill(quick, 5000)
  await quick.compact()
  assert.equal([...quick.keys()].length, 5000)
  await quick.close()
  // Its 5 MB would take 80 seconds.
  assert.equal(slow.stats().flushes.count, 0)
  await slow.close()
  assert.equal(await slowFlush, 'CLOSED')
})

test('each database compresses its blocks with its own codecs', async (context) => {
  const root = temporaryRoot(context)
  const plain = await open(join(root, 'plain'), { ...small, codec: 'none' })
  const packed = await open(join(root, 'packed'), {
    ...small,
    codecs: [zeroRun],
    codec: 'zero-run',
  })
  const zeros = '\0'.repeat(500)
  for (let i = 0; i < 1000; i++) {
    plain.putSync(keyOf(i), zeros)
    packed.putSync(keyOf(i), zeros)
  }
  await Promise.all([plain.compact(), packed.compact()])
  assert.ok(packed.stats().tables.sizeBytes < 100_000)
  assert.ok(plain.stats().tables.sizeBytes > 500_000)
  assert.deepEqual([...packed.entries()], [...plain.entries()])
  await Promise.all([plain.close(), packed.close()])
})

test('a codec that crashes its worker leaves other databases alone', async (context) => {
  const root = temporaryRoot(context)
  const faulty = await open(join(root, 'faulty'), {
    codecs: [crashing],
    codec: 'crashing',
  })
  const sound = await open(join(root, 'sound'), small)
  const errors: VarveError[] = []
  const soundErrors: VarveError[] = []
  const failed = new Promise((resolve) => {
    faulty.on('error', (error) => {
      errors.push(error)
      resolve(undefined)
    })
  })
  sound.on('error', (error) => soundErrors.push(error))
  fill(faulty, 100)
  fill(sound, 5000)
  void faulty.flush().catch(() => {})
  await Promise.all([failed, sound.compact()])
  assert.match(errors[0].message, /background thread failed.*the thread ended/)
  assert.deepEqual(soundErrors, [])
  assert.equal([...sound.keys()].length, 5000)
  assert.equal(faulty.getSync(keyOf(99))?.slice(0, 2), '99')
  await Promise.all([faulty.close(), sound.close()])
})

test('a listener may use another database that is in the middle of a write', async (context) => {
  const root = temporaryRoot(context)
  const [a, b] = await Promise.all([open(join(root, 'a'), small), open(join(root, 'b'), small)])
  let heard = 0
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('flush', () => to.putSync(`heard ${heard++}`, 'v'))
  }
  for (let i = 0; i < 5000; i++) {
    a.putSync(keyOf(i), 'v'.repeat(100))
    b.putSync(keyOf(i), 'v'.repeat(100))
  }
  await Promise.all([a.flush(), b.flush()])
  assert.ok(heard > 4)
  const count = (db: Database<string, string>): number => [...db.keys({ prefix: 'k' })].length
  assert.deepEqual([count(a), count(b)], [5000, 5000])
  await Promise.all([a.close(), b.close()])
})
