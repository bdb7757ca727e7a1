import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'

const MiB = 1024 * 1024

test('memory stays within memoryBytes while data outgrows it many times', async () => {
  const memoryBytes = 4 * MiB
  await using db = await open('/db', {
    fileSystem: new MemoryFileSystem(),
    background: 'inline',
    codec: 'none',
    memoryBytes,
    tableBytes: 256 * 1024,
    filterBitsPerKey: 20,
  })
  const prng = new Prng(1)
  const keyOf = (n: number): string => `key ${n.toString().padStart(8, '0')}`
  let highest = 0
  let fewestOpen = Infinity
  for (let from = 0; from < 100_000; from += 1000) {
    const entries = Array.from({ length: 1000 }, (_, i) => ({
      type: 'put' as const,
      key: keyOf(prng.below(100_000)),
      value: `value ${from + i}`.padEnd(200),
    }))
    await db.batch(entries)
    for (let i = 0; i < 50; i++) await db.get(keyOf(prng.below(100_000)))
    const { memory, tables } = db.stats()
    highest = Math.max(highest, memory.total)
    if (tables.count > 10) fewestOpen = Math.min(fewestOpen, tables.open / tables.count)
  }
  assert.ok(highest <= memoryBytes, `${highest} bytes`)
  assert.ok(highest > memoryBytes / 2, `${highest} bytes`)
  assert.ok(db.stats().tables.sizeBytes > 2 * memoryBytes)
  assert.ok(fewestOpen < 1, 'the budget of open tables has an effect')
})

test('the memory in use includes that of the background thread', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-memory-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  await using db = await open(directory)
  await db.put('k', 'v')
  await db.flush()
  const { memory } = db.stats()
  assert.ok(memory.threads > MiB && memory.threads < 64 * MiB, `${memory.threads} bytes`)
})

test('an open table takes more than its filter and index', async () => {
  await using db = await open('/db', { fileSystem: new MemoryFileSystem(), background: 'inline' })
  const before = db.stats().memory.tables
  await db.put('k', 'v')
  await db.flush()
  assert.equal(db.getSync('k'), 'v')
  assert.ok(db.stats().memory.tables - before > 4 * 1024)
})
