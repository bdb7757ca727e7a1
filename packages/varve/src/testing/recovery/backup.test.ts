import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeGeneration, readGeneration } from '../../backup/generation.js'
import { contentHashOf } from '../../base/bytes/content-hash.js'
import type { VarveError } from '../../base/errors.js'
import { Prng } from '../../base/prng.js'
import { FaultyFileSystem, type FileOperation } from '../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'
import { VirtualClock } from '../kit/virtual-clock.js'
import { isChange } from '../campaigns/simulation/crash-image.js'
import {
  backup,
  listBackups,
  pruneBackups,
  restoreBackup,
  verify,
  verifyBackups,
} from '../../tools/index.js'

const path = '/data/db'
const backups = '/backups'
const value = 'v'.repeat(2000)

class SharedMemory extends MemoryFileSystem {
  override readonly sharedWithThreads: boolean = true
}

function optionsFor(fileSystem: FileSystem) {
  const compaction = { policy: 'leveled', l0Trigger: 2, baseBytes: 64 * 1024 } as const
  // Not compressed: the tests compare sizes, and the value is all zeros.
  const codec = 'none'
  return { fileSystem, background: 'inline', memtableBytes: 32 * 1024, codec, compaction } as const
}

const keyOf = (i: number): string => `key ${String(i).padStart(4, '0')}`
const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => keyOf(i))

async function setUp() {
  const memory = new SharedMemory()
  const fs = new FaultyFileSystem(memory)
  const db = await open(path, optionsFor(fs))
  for (let i = 0; i < 60; i++) await db.put(keyOf(i), value)
  assert.ok(db.stats().tables.count >= 2)
  return { memory, fs, db, options: { fileSystem: fs } }
}

/** Restores a backup and returns its keys. */
async function restoredKeys(fs: FileSystem, generation?: number): Promise<string[]> {
  const target = `/restored/${fs.exists('/restored') ? fs.list('/restored').length : 0}`
  const options = { fileSystem: fs, ...(generation === undefined ? {} : { generation }) }
  const report = await restoreBackup(backups, target, options)
  const { isSound, remarks } = await verify(target, { fileSystem: fs })
  assert.deepEqual([isSound, remarks], [true, []])
  const db = await open(target, { ...optionsFor(fs), createIfMissing: false })
  assert.equal(db.stats().sequence, report.sequence)
  const keys = [...db.keys()]
  await db.close()
  return keys
}

test('each generation copies only new files and can be restored', async () => {
  const { memory, db, options } = await setUp()
  const first = await db.backup(backups)
  assert.deepEqual([first.generation, first.newTables, first.sequence], [1, first.tables, 60])
  await db.put(keyOf(60), value)
  const second = await db.backup(backups)
  assert.deepEqual([second.generation, second.newTables], [2, 0])
  assert.ok(second.copiedBytes < first.copiedBytes / 2)
  await db.put(keyOf(61), value)
  await db.close()
  const third = await backup(path, backups, options)
  assert.deepEqual([third.generation, third.sequence], [3, 62])
  for (const [i, count] of [60, 61, 62].entries()) {
    assert.deepEqual(await restoredKeys(memory, i + 1), keysOf(count))
  }
  assert.deepEqual(await restoredKeys(memory), keysOf(62))
  const listed = await listBackups(backups, options)
  assert.deepEqual(
    listed.map(({ generation, sequence, source }) => [generation, sequence, source]),
    [60, 61, 62].map((sequence, i) => [i + 1, sequence, path]),
  )
  assert.ok((await verifyBackups(backups, options)).isSound)
  assert.deepEqual(memory.list(backups).sort(), [
    'contents',
    'generation-000001',
    'generation-000002',
    'generation-000003',
  ])
})

test('tables are shared by content, not by number', async () => {
  const fs = new MemoryFileSystem()
  const options = { fileSystem: fs }
  const lengths: number[] = []
  for (const [i, text] of ['x', 'y', 'x'].entries()) {
    // Databases with the same filter secret, so that equal entries make equal tables.
    const db = await open(`/db${i}`, { ...optionsFor(fs), clock: new VirtualClock() })
    await db.put('key', text.repeat(100))
    await db.flush()
    const tables = fs.list(`/db${i}`).filter((name) => name.endsWith('.sst'))
    assert.deepEqual(tables, ['000004.sst'])
    lengths.push((await db.backup(backups)).newTables)
    await db.close()
  }
  assert.deepEqual(lengths, [1, 1, 0])
  for (const [i, text] of ['x', 'y', 'x'].entries()) {
    await restoreBackup(backups, `/restored${i}`, { ...options, generation: i + 1 })
    const db = await open(`/restored${i}`, optionsFor(fs))
    assert.equal(await db.get('key'), text.repeat(100))
    await db.close()
  }
})

test('a backup holds all earlier writes despite concurrent ones', async () => {
  for (let at = 0; at < 60; at += 3) {
    const { memory, db } = await setUp()
    let operations = 0
    const tool = new FaultyFileSystem(memory, ({ path: file }) => {
      if (!file.startsWith(backups) && operations++ === at) {
        for (let i = 0; i < 60; i++) db.putSync(keyOf(i), 'overwritten')
        for (let i = 60; i < 90; i++) db.putSync(keyOf(i), value)
      }
      return undefined
    })
    await backup(path, backups, { fileSystem: tool })
    const keys = await restoredKeys(memory)
    // Of the writes during the backup, it may hold a prefix.
    const prefix = Array.from({ length: keys.length }, (_, i) => keyOf(i))
    assert.ok(keys.length >= 60 && keys.length <= 90, `${keys.length} keys, at ${at}`)
    assert.deepEqual(keys, prefix, `at ${at}`)
    await db.close()
    const leases = memory.list(path).filter((name) => name.startsWith('READER'))
    assert.deepEqual(leases, [])
  }
})

test('after a power loss before any change, the existing backups are whole', async () => {
  const { memory, fs, db } = await setUp()
  await db.backup(backups)
  await db.put(keyOf(60), value)
  await db.flush()
  const images: { left: MemoryFileSystem; where: string }[] = []
  fs.faultFor = ({ kind, path: file }) => {
    if (!isChange(kind)) return undefined
    for (const unsynced of ['none', 'all', 'random', 'torn'] as const) {
      const fate = { unsynced, prng: new Prng(images.length), sectorBytes: 512 }
      images.push({ left: memory.crashClone(fate), where: `${unsynced} at ${kind} ${file}` })
    }
    return undefined
  }
  await db.backup(backups)
  await pruneBackups(backups, { fileSystem: fs, keep: 1 })
  fs.faultFor = () => undefined
  const after = memory.crashClone({ unsynced: 'none', prng: new Prng(1), sectorBytes: 512 })
  await db.close()
  for (const { left, where } of images) {
    const options = { fileSystem: left }
    const { isSound, generations } = await verifyBackups(backups, options)
    assert.ok(isSound && generations.length > 0, where)
    const listed = await listBackups(backups, options)
    for (const { sequence } of listed) assert.ok(sequence === 60 || sequence === 61, where)
    // The next backup removes the leftovers.
    const next = await open(path, optionsFor(left))
    const made = await next.backup(backups)
    await next.close()
    assert.ok(made.generation > generations.at(-1)!.generation, where)
    const strange = left.list(backups).filter((name) => !/^(contents|generation-\d+)$/.test(name))
    assert.deepEqual(strange, [], where)
  }
  assert.ok(images.length > 80)
  assert.deepEqual(await restoredKeys(after), keysOf(61))
  assert.deepEqual(
    (await listBackups(backups, { fileSystem: after })).map(({ generation }) => generation),
    [2],
  )
})

test('when any file operation fails, the error says so and the backups stay intact', async () => {
  const { memory, fs, db } = await setUp()
  await db.backup(backups)
  await db.put(keyOf(60), value)
  await db.flush()
  let failing = 0
  for (let wasLast = false; !wasLast; failing++) {
    const before = (await listBackups(backups, { fileSystem: memory })).length
    const first = fs.operationCount
    let hit: FileOperation | undefined
    fs.faultFor = (operation) => {
      if (operation.index !== first + failing) return undefined
      hit = operation
      // A lock claim that cannot be removed stays until the process ends.
      if (operation.kind === 'remove' && operation.path.includes('LOCK')) return undefined
      return { systemCode: 'ENOSPC' }
    }
    const isDone = await db.backup(backups).then(
      () => true,
      (error: VarveError) => {
        assert.equal(error.systemCode, 'ENOSPC', `${hit?.kind} ${hit?.path}`)
        return false
      },
    )
    fs.faultFor = () => undefined
    wasLast = hit === undefined
    const { isSound, generations } = await verifyBackups(backups, { fileSystem: memory })
    assert.ok(isSound)
    const isNamed = hit?.kind === 'syncDirectory' && hit.path === backups
    if (!isNamed) assert.equal(generations.length, before + Number(isDone))
    if (generations.length > 3) await pruneBackups(backups, { fileSystem: memory, keep: 1 })
  }
  assert.ok(failing > 30, `${failing} operations`)
  await db.close()
})

function changeByte(fs: FileSystem, file: string, at: number): void {
  const reader = fs.openForRead(file)
  const bytes = Buffer.alloc(reader.sizeBytes())
  reader.read(bytes, 0, bytes.length, 0)
  reader.close()
  bytes[at < 0 ? bytes.length + at : at] ^= 1
  fs.remove(file)
  const writer = fs.create(file)
  writer.append(bytes, 0, bytes.length)
  writer.close()
}

test('damage to any file of a backup is found and never restored', async () => {
  const { memory, db, options } = await setUp()
  await db.backup(backups)
  await db.close()
  const contents = memory.list(`${backups}/contents`).map((name) => `contents/${name}`)
  const files = ['generation-000001', ...contents]
  for (const name of files) {
    for (const at of [0, 20, -1]) {
      const file = `${backups}/${name}`
      if (name.startsWith('contents') && sizeOf(memory, file) < 21) continue
      changeByte(memory, file, at)
      const { isSound, generations } = await verifyBackups(backups, options)
      assert.equal(isSound, false, `${name} at ${at}`)
      assert.deepEqual(generations[0].problems[0].file, name)
      await assert.rejects(restoreBackup(backups, '/restored/x', options), { code: 'CORRUPTION' })
      assert.deepEqual(memory.exists('/restored') ? memory.list('/restored') : [], [])
      changeByte(memory, file, at)
    }
  }
  const lost = `${backups}/contents/${memory.list(`${backups}/contents`)[0]}`
  memory.rename(lost, '/lost')
  const { generations } = await verifyBackups(backups, options)
  assert.equal(generations[0].problems[0].message, 'is missing')
  await assert.rejects(restoreBackup(backups, '/restored/x', options), { systemCode: 'ENOENT' })
  memory.rename('/lost', lost)
  assert.deepEqual(await restoredKeys(memory), keysOf(60))
})

function sizeOf(fs: FileSystem, file: string): number {
  const reader = fs.openForRead(file)
  const size = reader.sizeBytes()
  reader.close()
  return size
}

test('a damaged table is not backed up; a damaged generation keeps its contents', async () => {
  const { memory, db, options } = await setUp()
  await db.backup(backups)
  await db.put('another', value)
  await db.flush()
  const table = memory.list(path).findLast((name) => name.endsWith('.sst'))!
  changeByte(memory, `${path}/${table}`, 40)
  await assert.rejects(db.backup(backups), { code: 'CORRUPTION', file: `${path}/${table}` })
  changeByte(memory, `${path}/${table}`, 40)
  assert.equal((await listBackups(backups, options)).length, 1)
  await db.backup(backups)
  await db.compact()
  await db.backup(backups)
  await db.close()

  changeByte(memory, `${backups}/generation-000002`, 5)
  const contents = memory.list(`${backups}/contents`).length
  const pruned = await pruneBackups(backups, { ...options, keep: 2 })
  assert.deepEqual(pruned, { removed: [1], kept: [2, 3], freedBytes: 0, unreadable: [2] })
  assert.equal(memory.list(`${backups}/contents`).length, contents)
  const listed = await listBackups(backups, options)
  assert.match(listed[0].problem!, /wrong checksum of a generation/)
  const all = await pruneBackups(backups, { ...options, keep: 1 })
  assert.deepEqual([all.removed, all.kept, all.unreadable], [[2], [3], []])
  assert.ok(all.freedBytes > 0)
  assert.ok((await verifyBackups(backups, options)).isSound)
})

test('the next backup writes truncated contents again', async () => {
  const { memory, db, options } = await setUp()
  await db.backup(backups)
  const [hash] = memory.list(`${backups}/contents`)
  const file = memory.openForAppend(`${backups}/contents/${hash}`)
  file.truncate(file.sizeBytes - 1)
  file.close()
  assert.equal((await verifyBackups(backups, options)).isSound, false)
  await db.backup(backups)
  assert.equal((await verifyBackups(backups, { ...options, generation: 2 })).isSound, true)
  await db.close()
})

test('invalid calls are refused and change nothing', async () => {
  const { memory, db, options } = await setUp()
  await assert.rejects(db.backup(path), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(backup('/data', backups, options), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(listBackups(path, options), { code: 'INVALID_ARGUMENT' })
  await db.backup(backups)
  await assert.rejects(restoreBackup(backups, path, options), { code: 'INVALID_ARGUMENT' })
  for (const run of [restoreBackup(backups, '/new', { ...options, generation: 7 })]) {
    await assert.rejects(run, { code: 'INVALID_ARGUMENT', option: 'generation' })
  }
  await assert.rejects(verifyBackups(backups, { ...options, generation: 7 }), {
    option: 'generation',
  })
  await assert.rejects(pruneBackups(backups, { ...options, keep: 0 }), { option: 'keep' })
  await assert.rejects(open(backups, { ...optionsFor(memory), createIfMissing: false }), {
    code: 'INVALID_ARGUMENT',
  })
  const both = await Promise.allSettled([db.backup(backups), db.backup(backups)])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const refused = both.find((outcome) => outcome.status === 'rejected')
  assert.equal((refused?.reason as VarveError).code, 'LOCKED')
  await db.close()
  assert.equal((await listBackups(backups, options)).length, 2)
})

test('a generation with names outside the directory is refused', async () => {
  const { memory, db, options } = await setUp()
  await db.backup(backups)
  await db.close()
  const file = `${backups}/generation-000001`
  const sound = readGeneration(memory, file)
  const replace = (bytes: Uint8Array): void => {
    memory.remove(file)
    const writer = memory.create(file)
    writer.append(bytes, 0, bytes.length)
    writer.close()
  }
  for (const name of ['../../etc/000001.sst', 'LOCK', '000001.sst.tmp', '', sound.files[0].name]) {
    const [first, second, ...rest] = sound.files
    replace(encodeGeneration({ ...sound, files: [first, { ...second, name }, ...rest] }))
    await assert.rejects(restoreBackup(backups, '/new', options), { code: 'CORRUPTION' })
  }
  for (const line of ['{', 'null', '1', '{"format":1}', '{"format":1,"files":[null]}']) {
    replace(Buffer.from(`${line}\n${contentHashOf(Buffer.from(line))}\n`))
    await assert.rejects(restoreBackup(backups, '/new', options), { code: 'CORRUPTION' })
  }
  replace(encodeGeneration({ ...sound, format: 2 } as typeof sound))
  await assert.rejects(restoreBackup(backups, '/new', options), { code: 'UNSUPPORTED_FORMAT' })
})
