import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { Prng } from '../../base/prng.js'
import { FaultyFileSystem, type FileOperation } from '../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'
import { isChange } from '../campaigns/simulation/crash-image.js'
import { verify } from '../../tools/index.js'
import type { OpenOptions } from '../../db/api.js'

const path = '/data/db'
const target = '/data/copy'
const value = 'v'.repeat(3000)

function optionsFor(fileSystem: FileSystem): OpenOptions {
  const compaction = { policy: 'leveled', l0Trigger: 2, baseBytes: 64 * 1024 } as const
  // Not compressed: the tests compare sizes, and the value is all zeros.
  const codec = 'none'
  return {
    fileSystem,
    background: 'inline',
    memtableBytes: 32 * 1024,
    codec,
    compaction,
    cacheBytes: 0,
  }
}

/** A database with tables on several levels and writes in its log. Its keys are ordered numbers. */
async function setUp() {
  const memory = new MemoryFileSystem()
  const fs = new FaultyFileSystem(memory)
  const db = await open(path, optionsFor(fs))
  for (let i = 0; i < 120; i++) await db.put(keyOf((i * 37) % 60), value)
  assert.ok(db.stats().tables.count >= 2 && db.stats().compactions.count > 0)
  return { memory, fs, db }
}

const keyOf = (i: number): string => `key ${String(i).padStart(4, '0')}`

async function keysIn(fileSystem: FileSystem, directory: string): Promise<string[]> {
  const db = await open(directory, { ...optionsFor(fileSystem), createIfMissing: false })
  const keys = [...db.keys()]
  await db.close()
  return keys
}

const allKeys = (count: number): string[] => Array.from({ length: count }, (_, i) => keyOf(i))

test('a checkpoint is an independent, sound database with the state at its time', async () => {
  const { memory, db } = await setUp()
  const report = await db.checkpoint(target)
  assert.equal(report.sequence, 120)
  assert.equal(report.tables, db.stats().tables.count)
  const onDisk = memory.list(target).reduce((sum, name) => sum + sizeOf(memory, name), 0)
  assert.equal(report.sizeBytes, onDisk)
  assert.ok(report.copiedBytes < report.sizeBytes / 2, 'tables are linked')
  const verified = await verify(target, { fileSystem: memory })
  assert.deepEqual([verified.isSound, verified.remarks], [true, []])

  const copy = await open(target, optionsFor(memory))
  for (let i = 60; i < 120; i++) await copy.put(keyOf(i), value)
  await copy.compact()
  await db.clear({})
  await db.compact()
  assert.deepEqual([...db.keys()], [])
  assert.deepEqual([...copy.keys()], allKeys(120))
  await copy.close()
  await db.close()
  assert.deepEqual(await keysIn(memory, target), allKeys(120))
})

function sizeOf(fs: FileSystem, name: string): number {
  const file = fs.openForRead(`${target}/${name}`)
  try {
    return file.sizeBytes()
  } finally {
    file.close()
  }
}

test('a fresh open, an empty database and a checkpoint can be checkpointed', async () => {
  const fs = new MemoryFileSystem()
  const first = await open('/a', optionsFor(fs))
  assert.equal((await first.checkpoint('/b')).sequence, 0)
  await first.close()
  fs.makeDirectory('/c')
  const second = await open('/b', optionsFor(fs))
  await second.put('key', 'value')
  await second.checkpoint('/c')
  await second.close()
  const third = await open('/c', optionsFor(fs))
  // Its first log belonged to another database.
  assert.equal((await third.checkpoint('/deep/er/d')).sequence, 1)
  await third.close()
  assert.deepEqual(await keysIn(fs, '/deep/er/d'), ['key'])
})

test('tables are copied where hard links are not supported', async () => {
  for (const systemCode of ['EXDEV', 'EPERM']) {
    const { memory, fs, db } = await setUp()
    fs.faultFor = ({ kind }) => (kind === 'link' ? { systemCode } : undefined)
    const report = await db.checkpoint(target)
    assert.equal(report.copiedBytes, report.sizeBytes - sizeOf(memory, 'CURRENT'))
    await db.close()
    const left = memory.crashClone({ unsynced: 'none', prng: new Prng(1), sectorBytes: 512 })
    assert.deepEqual(await keysIn(left, target), allKeys(60))
  }
})

test('a copy that differs from its source fails the checkpoint', async () => {
  const { memory, fs, db } = await setUp()
  fs.faultFor = ({ kind, path: file }) => {
    if (kind === 'link') return { systemCode: 'EXDEV' }
    if (kind === 'sync' && file.endsWith('.sst')) {
      const damaging = memory.openForAppend(file)
      damaging.append(Buffer.from('!'), 0, 1)
      damaging.close()
    }
    return undefined
  }
  await assert.rejects(db.checkpoint(target), { code: 'CORRUPTION' })
  assert.deepEqual(memory.list('/data'), ['db'])
  await db.close()
})

test('a checkpoint holds concurrent writes up to some commit, and keeps its files', async () => {
  for (let at = 0; at < 12; at++) {
    const { memory, fs, db } = await setUp()
    let links = 0
    // Fills memtables, flushes and compacts, so that the tables to link become obsolete.
    fs.faultFor = ({ kind, path: file }) => {
      const isCopying = kind === 'link' || (kind === 'create' && file.includes('.tmp/'))
      if (isCopying && links++ === at) for (let i = 0; i < 120; i++) db.putSync(keyOf(i), value)
      return undefined
    }
    const before = [db.put(keyOf(60), value)]
    const checkpoint = db.checkpoint(target)
    before.push(db.put('z', 'later'))
    await checkpoint
    await Promise.all(before)
    assert.deepEqual(await keysIn(memory, target), allKeys(61), `at ${at}`)
    if (links > at) assert.equal(db.getSync(keyOf(119)), value)
    await db.close()
    const tables = memory.list(path).filter((name) => name.endsWith('.sst'))
    assert.equal(tables.length, await tableCount(memory), 'obsolete tables are removed')
  }
})

async function tableCount(fs: FileSystem): Promise<number> {
  const db = await open(path, { ...optionsFor(fs), readOnly: true })
  const { count } = db.stats().tables
  await db.close()
  return count
}

test('during a pending sync, a checkpoint holds the earlier writes', async () => {
  const { memory, db } = await setUp()
  const begun = db.put(keyOf(60), value, { sync: true })
  await Promise.resolve()
  const next = db.put(keyOf(61), value)
  const checkpoint = db.checkpoint(target)
  const later = db.put(keyOf(62), value, { sync: true })
  await Promise.all([begun, next, checkpoint, later])
  const keys = await keysIn(memory, target)
  // The later write may have joined the group of the earlier one.
  assert.ok(keys.length >= 62)
  assert.deepEqual(keys, allKeys(keys.length))
  await db.close()
})

test('after a crash before any change, the checkpoint is whole or missing', async () => {
  const fates = ['none', 'all', 'random', 'torn'] as const
  for (const systemCode of [undefined, 'EXDEV']) {
    const { memory, fs, db } = await setUp()
    await db.put('last', 'only in the log')
    const keys = [...allKeys(60), 'last']
    const images: { left: MemoryFileSystem; where: string }[] = []
    fs.faultFor = ({ kind, path: file }) => {
      if (isChange(kind)) {
        for (const [i, unsynced] of fates.entries()) {
          const fate = { unsynced, prng: new Prng(images.length + i), sectorBytes: 512 }
          images.push({ left: memory.crashClone(fate), where: `${unsynced} at ${kind} ${file}` })
        }
        images.push({ left: memory.processCrashClone(), where: `process death at ${kind} ${file}` })
      }
      return kind === 'link' && systemCode !== undefined ? { systemCode } : undefined
    }
    await db.checkpoint(target)
    fs.faultFor = () => undefined
    const after = memory.crashClone({ unsynced: 'none', prng: new Prng(1), sectorBytes: 512 })
    await db.close()
    for (const { left, where } of images) {
      if (!left.exists(target)) continue
      assert.deepEqual(await keysIn(left, target), keys, where)
    }
    assert.ok(images.length > 100)
    assert.deepEqual(await keysIn(after, target), keys, 'after the checkpoint resolved')
  }
})

test('when any file operation fails, the checkpoint fails and can be repeated', async () => {
  let failing = 0
  for (let wasLast = false; !wasLast; failing++) {
    const { memory, fs, db } = await setUp()
    const first = fs.operationCount
    let hit: FileOperation | undefined
    fs.faultFor = (operation) => {
      if (operation.index !== first + failing) return undefined
      hit = operation
      return { systemCode: 'EIO' }
    }
    const where = (): string => `${hit?.kind} ${hit?.path}`
    const isDone = await db.checkpoint(target).then(
      () => true,
      (error: VarveError) => {
        assert.deepEqual([error.code, error.systemCode], ['IO', 'EIO'], where())
        return false
      },
    )
    wasLast = hit === undefined
    fs.faultFor = () => undefined
    db.putSync(keyOf(60), value)
    if (!isDone && memory.exists(target)) {
      // Only the last step failed: the sync of the checkpoint's name.
      assert.equal(hit?.kind, 'syncDirectory')
      assert.deepEqual(await keysIn(memory, target), allKeys(60))
    } else if (!isDone) {
      await db.checkpoint(target)
      assert.deepEqual(await keysIn(memory, target), allKeys(61), where())
    }
    await db.close()
  }
  assert.ok(failing > 30, `${failing} operations`)
})

test('a non-empty directory and other invalid arguments are refused', async () => {
  const { memory, db } = await setUp()
  memory.makeDirectory(`${target}/folder`)
  await assert.rejects(db.checkpoint(target), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(db.checkpoint(path), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(db.checkpoint(''), { code: 'INVALID_ARGUMENT' })
  assert.deepEqual(memory.list(target), ['folder'])
  await db.close()
  await assert.rejects(db.checkpoint('/other'), { code: 'CLOSED' })
})

test('close aborts a checkpoint, which leaves nothing', async () => {
  const { memory, db } = await setUp()
  const checkpoint = db.checkpoint(target)
  const closing = db.close()
  await assert.rejects(checkpoint, { code: 'CLOSED' })
  await closing
  assert.deepEqual(memory.list('/data'), ['db'])
})

test('a checkpoint of a poisoned database holds the acknowledged writes', async () => {
  const { memory, fs, db } = await setUp()
  fs.faultFor = ({ kind, path: file }) =>
    file.endsWith('.log') && (kind === 'sync' || kind === 'truncate')
      ? { systemCode: 'EIO' }
      : undefined
  await assert.rejects(db.put('lost', value, { sync: true }), { code: 'POISONED' })
  fs.faultFor = () => undefined
  await db.checkpoint(target)
  assert.deepEqual(await keysIn(memory, target), allKeys(60))
  await db.close()
})

test('damage in a log fails the checkpoint', async () => {
  const { memory, fs, db } = await setUp()
  await db.put('last', value)
  const log = memory.list(path).findLast((name) => name.endsWith('.log'))!
  const file = memory.openForRead(`${path}/${log}`)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  bytes[bytes.length - 10] ^= 1
  memory.remove(`${path}/${log}`)
  const damaged = fs.create(`${path}/${log}`)
  damaged.append(bytes, 0, bytes.length)
  damaged.close()
  await assert.rejects(
    db.checkpoint(target),
    (error) => error instanceof VarveError && error.code === 'CORRUPTION',
  )
  assert.deepEqual(memory.list('/data'), ['db'])
  await db.close()
})
