import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { type CompactProgress, type Database, open, VarveError } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'

const bytesPerSecond = 1024 * 1024

const isAborted = (error: unknown): boolean =>
  error instanceof VarveError && error.code === 'ABORTED' && /signal/.test(error.message)

/** Several tables on level 0 and no automatic compaction. The rate limit makes time pass. */
async function filled(fileSystem: MemoryFileSystem): Promise<Database<string, string>> {
  const db = await open('/db', {
    fileSystem,
    clock: new VirtualClock(),
    background: { mode: 'inline', bytesPerSecond },
    memtableBytes: 64 * 1024,
    codec: 'none',
  })
  await db.pauseCompaction()
  const value = 'v'.repeat(100)
  for (let i = 0; i < 5000; i++) await db.put(`k${(i * 7919) % 5000}`, value)
  await db.flush()
  return db
}

test('compact reports its progress', async () => {
  await using db = await filled(new MemoryFileSystem())
  const steps: CompactProgress[] = []
  const { sizeBytes } = db.levels()[0]
  await db.compact({}, { onProgress: (progress) => steps.push(progress) })
  assert.ok(steps.length >= 4, `${steps.length} steps`)
  assert.deepEqual(steps[0], { level: 0, readBytes: 0, totalBytes: sizeBytes })
  assert.deepEqual(steps.at(-1), { level: 0, readBytes: sizeBytes, totalBytes: sizeBytes })
  for (const [i, { readBytes, totalBytes }] of steps.entries()) {
    assert.ok(readBytes >= (steps[i - 1]?.readBytes ?? 0) && readBytes <= totalBytes)
  }

  await db.put('k1', 'new')
  await db.flush()
  const more: CompactProgress[] = []
  await db.compact({ prefix: 'k1' }, { onProgress: (progress) => more.push(progress) })
  const tables = db.levels().flatMap((level) => level.tables)
  assert.equal(more.at(-1)?.readBytes, more.at(-1)?.totalBytes)
  assert.equal(tables.length, 1)
})

test('an aborted compact leaves the tree unchanged', async () => {
  const fileSystem = new MemoryFileSystem()
  await using db = await filled(fileSystem)
  const levels = db.levels()
  const names = fileSystem.list('/db').sort()
  const controller = new AbortController()
  const onProgress = ({ readBytes }: CompactProgress): void => {
    if (readBytes > 0) controller.abort(new Error('enough'))
  }
  const { signal } = controller
  await assert.rejects(db.compact({}, { signal, onProgress }), (error) => {
    assert.equal((error as VarveError).cause, signal.reason)
    return isAborted(error)
  })
  assert.deepEqual(db.levels(), levels)
  assert.deepEqual(fileSystem.list('/db').sort(), names)
  assert.equal(db.stats().backgroundErrors, 0)
  await assert.rejects(db.compact({}, { signal }), isAborted)
  assert.deepEqual(db.levels(), levels)

  await db.compact()
  assert.equal(db.levels()[0].tables.length, 0)
  assert.equal([...db.keys()].length, 5000)
})

test('a signal that fires between two turns also aborts an inline compaction', async () => {
  await using db = await filled(new MemoryFileSystem())
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  await assert.rejects(db.compact({}, { signal: controller.signal }), isAborted)
})

test('an aborted compaction on a thread leaves no file', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-by-hand-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const background = { bytesPerSecond: 2 * 1024 * 1024 }
  await using db = await open(directory, { background, codec: 'none' })
  for (let i = 0; i < 2000; i++) void db.put(`k${i % 1000}`, 'v'.repeat(500))
  await db.flush()
  for (let i = 0; i < 1000; i++) void db.put(`k${i}`, 'w'.repeat(500))
  const controller = new AbortController()
  let steps = 0
  const compacted = db.compact(
    {},
    {
      signal: controller.signal,
      onProgress: ({ readBytes }) => {
        steps++
        if (readBytes > 0) controller.abort()
      },
    },
  )
  await assert.rejects(compacted, isAborted)
  assert.ok(steps >= 2)
  assert.equal(db.levels()[0].tables.length, 2)
  assert.equal(db.stats().tables.count, 2)
  const tables = readdirSync(directory).filter((name) => name.includes('.sst'))
  assert.equal(tables.length, 2, tables.join(' '))
  assert.equal(await db.get('k999'), 'w'.repeat(500))
})

test('the arguments of compact are validated', async () => {
  await using db = await open('/db', { fileSystem: new MemoryFileSystem(), background: 'inline' })
  for (const options of [null, { signal: 1 }, { onProgress: 'x' }, { progress: 1 }]) {
    await assert.rejects(db.compact({}, options as never), { code: 'INVALID_ARGUMENT' })
  }
})
