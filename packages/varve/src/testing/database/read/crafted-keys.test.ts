import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashBytes } from '../../../base/bytes/hash.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { BloomFilter, BloomFilterBuilder } from '../../../sstable/format/bloom-filter.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { AnyOpenOptions } from '../../../index.js'

const storedCount = 2000
const craftedCount = 500
const stored = Array.from({ length: storedCount }, (_, i) => Buffer.from(`key ${i}, stored`))

/**
 * Absent keys that a filter without a secret lets through, as a client would compute them who knows
 * the stored keys, the code and the size of the filter.
 */
function craftedKeys(): Buffer[] {
  const builder = new BloomFilterBuilder(10)
  for (const key of stored) builder.add(hashBytes(key, 0, key.length))
  const filter = BloomFilter.decode(builder.finish(), 'a filter', 0)
  const crafted: Buffer[] = []
  for (let i = 0; crafted.length < craftedCount; i++) {
    const key = Buffer.from(`key ${i}, crafted`)
    if (filter.mayContain(hashBytes(key, 0, key.length))) crafted.push(key)
  }
  return crafted
}

/** How many crafted keys make a database with these options read a table without a result. */
async function letThrough(options: AnyOpenOptions): Promise<number> {
  const settings = { background: 'inline', keyEncoding: 'binary', ...options } as const
  await using db = await open('/db', { ...settings, fileSystem: new MemoryFileSystem() })
  await db.batch(stored.map((key) => ({ type: 'put', key, value: 'x' })))
  await db.flush()
  for (const key of craftedKeys()) assert.equal(await db.get(key), undefined)
  for (const key of stored) assert.equal(await db.get(key), 'x')
  return db.stats().filters.falsePositives
}

test('keys crafted to pass a filter without a secret do not pass that of a database', async () => {
  const passed = await letThrough({})
  assert.ok(passed < craftedCount / 10, `${passed} of ${craftedCount} passed`)
})

test('each database draws its own secret, so what passes in one does not in another', async () => {
  const secretOf = async (seed: number): Promise<number> => {
    const fs = new MemoryFileSystem()
    const options = { background: 'inline', fileSystem: fs, clock: new VirtualClock(seed) } as const
    const db = await open('/db', options as AnyOpenOptions)
    await db.put('a', 'b')
    await db.flush()
    await db.close()
    return secretIn(fs)
  }
  const first = await secretOf(1)
  assert.notEqual(first, 0)
  assert.notEqual(first, await secretOf(2))
})

test('a database keeps its secret, so that a lookup hashes its key once', async () => {
  const fileSystem = new MemoryFileSystem()
  const secrets = new Set<number>()
  for (let i = 0; i < 3; i++) {
    const db = await open('/db', { background: 'inline', fileSystem })
    await db.put(`${i}`, 'x')
    await db.flush()
    if (i === 2) await db.compact()
    await db.close()
    secrets.add(secretIn(fileSystem))
  }
  assert.equal(secrets.size, 1)
})

/** The secret of the filter of the newest table: eight bytes before the last byte of the block. */
function secretIn(fs: MemoryFileSystem): number {
  const name = fs
    .list('/db')
    .filter((each) => each.endsWith('.sst'))
    .sort()
    .at(-1)!
  const file = fs.openForRead(`/db/${name}`)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  const footer = bytes.subarray(-64)
  const offset = footer.readUInt32LE(0)
  const payload = bytes.subarray(offset, offset + footer.readUInt32LE(8) - 5)
  return BloomFilter.decode(payload, name, offset).secret
}
