import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import { seeds } from '../../../base/testing/seed.js'
import { FaultyFileSystem } from '../../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import type { Database, OpenOptions } from '../../../index.js'

const keyOf = (i: number): string => String(i).padStart(4, '0')
const valueOf = (i: number): string => `value of ${i}, ${'x'.repeat(i % 90)}`
const blockBytes = 512
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

type ColdOptions = Pick<OpenOptions, 'cacheBytes' | 'blockBytes' | 'coldReads'>

interface Opened {
  readonly db: Database<string, string>
  readonly memory: MemoryFileSystem
  readonly files: FaultyFileSystem
  /** Sizes of the reads of tables since the last call. */
  readonly readsSince: () => number[]
}

/** `count` keys in one table. No block of it is in memory. */
async function openCold(count: number, options: ColdOptions = {}): Promise<Opened> {
  const memory = new MemoryFileSystem()
  const files = new FaultyFileSystem(memory)
  // Not compressed, so that damage can be put into a value.
  const codec = 'none'
  const settings = {
    background: 'inline',
    codec,
    blockBytes,
    coldReads: 'async',
    ...options,
  } as const
  const fill = await open('/db', { ...settings, fileSystem: memory })
  await fill.batch(upTo(count).map((i) => ({ type: 'put', key: keyOf(i), value: valueOf(i) })))
  await fill.flush()
  await fill.close()
  const db = await open('/db', { ...settings, fileSystem: files })
  // Opens the table.
  await db.has(`${keyOf(7)}~`)
  files.isRecording = true
  return {
    db,
    memory,
    files,
    readsSince: () =>
      files.trace
        .splice(0)
        .filter(({ kind, path }) => kind === 'read' && path.endsWith('.sst'))
        .map(({ bytes }) => bytes!),
  }
}

const tablePath = (memory: MemoryFileSystem): string =>
  `/db/${memory.list('/db').find((name) => name.endsWith('.sst'))!}`

for (const cacheBytes of [0, 3000, 1 << 20]) {
  test(`neighbouring blocks are read together: ${cacheBytes} bytes of cache`, async () => {
    const { db, readsSince } = await openCold(1000, { cacheBytes })
    const values = await db.getMany(upTo(1000).map(keyOf))
    assert.deepEqual(values, upTo(1000).map(valueOf))
    const reads = readsSince()
    assert.ok(reads.length <= 3, `${reads.length} reads for all blocks`)
    assert.ok(reads.every((bytes) => bytes <= 64 * 1024))
    await db.close()
  })
}

test('single gets in one turn share reads, and far blocks are read apart', async () => {
  const { db, readsSince } = await openCold(2000)
  const wanted = [0, 1, 2, 3, 1000, 1001, 1999]
  const values = await Promise.all(wanted.map((i) => db.get(keyOf(i))))
  assert.deepEqual(values, wanted.map(valueOf))
  const reads = readsSince()
  assert.equal(reads.length, 3)
  assert.ok(Math.max(...reads) < 4 * blockBytes, 'nothing in between is read')
  await db.close()
})

test('random reads at once return what single ones do, with any cache', async () => {
  for (const seed of seeds(20)) {
    const random = new Prng(seed)
    const options: ColdOptions = {
      cacheBytes: random.pick([0, 2000, 20_000, 1 << 20]),
      blockBytes: random.pick([256, 512, 4096]),
      coldReads: random.pick(['auto', 'async']),
    }
    const { db } = await openCold(700, options)
    const rounds = upTo(10).map(async () => {
      const wanted = upTo(random.between(1, 80)).map(() => random.below(800))
      const values = await db.getMany(wanted.map(keyOf))
      const expected = wanted.map((i) => (i < 700 ? valueOf(i) : undefined))
      assert.deepEqual(values, expected)
    })
    await Promise.all(rounds)
    await db.close()
  }
})

test('damage in the middle of a merged read fails only the keys of its block', async () => {
  const { db, memory, readsSince } = await openCold(300)
  const path = tablePath(memory)
  const size = memory.openForRead(path).sizeBytes()
  const bytes = Buffer.alloc(size)
  memory.openForRead(path).read(bytes, 0, size, 0)
  const at = bytes.indexOf(valueOf(150))
  memory.openForAppend(path).rewrite(Buffer.from([bytes[at] ^ 1]), at)
  const found = await Promise.allSettled(upTo(300).map((i) => db.get(keyOf(i))))
  const failed = upTo(300).filter((i) => found[i].status === 'rejected')
  assert.ok(failed.includes(150) && failed.length < 20, `${failed.length} keys failed`)
  assert.equal(failed.at(-1)! - failed[0], failed.length - 1, 'they are neighbours')
  for (const [i, result] of found.entries()) {
    if (result.status === 'rejected') assert.match(String(result.reason), /checksum of a block/)
    else assert.equal(result.value, valueOf(i))
  }
  assert.ok(readsSince().length <= 2)
  await db.close()
})

test('when a merged read fails, its blocks are read one by one', async () => {
  const { db, files } = await openCold(300)
  let reads = 0
  files.faultFor = ({ kind, bytes }) => {
    const isRefused = kind === 'read' && (bytes! > 2 * blockBytes || ++reads === 5)
    return isRefused ? { systemCode: 'EIO' } : undefined
  }
  const found = await Promise.allSettled(upTo(300).map((i) => db.get(keyOf(i))))
  const failed = found.filter(({ status }) => status === 'rejected')
  assert.ok(failed.length > 0 && failed.length < 20, `${failed.length} keys failed`)
  for (const [i, result] of found.entries()) {
    if (result.status === 'fulfilled') assert.equal(result.value, valueOf(i))
  }
  files.faultFor = () => undefined
  assert.deepEqual(await db.getMany(upTo(300).map(keyOf)), upTo(300).map(valueOf))
  await db.close()
})

test('a database that closes waits for reads in flight', async () => {
  const { db } = await openCold(500, { cacheBytes: 0 })
  const reading = Promise.all(upTo(500).map((i) => db.get(keyOf(i))))
  await db.close()
  assert.deepEqual(await reading, upTo(500).map(valueOf))
})

test('reads in flight survive the compaction of their table', async () => {
  const { db } = await openCold(500, { cacheBytes: 0 })
  const reading = Promise.all(upTo(500).map((i) => db.get(keyOf(i))))
  await db.put(keyOf(0), 'new')
  await db.compact()
  assert.deepEqual(await reading, upTo(500).map(valueOf))
  assert.equal(await db.get(keyOf(0)), 'new')
  await db.close()
})
