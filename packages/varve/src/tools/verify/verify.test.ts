import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from '../../base/bytes/checksum.js'
import { Prng } from '../../base/prng.js'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { openBinary } from '../../testing/harness/comparison.js'
import { parseFileName } from '../../store/file-names.js'
import { startManifest } from '../../version/manifest.js'
import { currentManifest } from '../directory/manifest-view.js'
import { expiringSample } from '../../testing/harness/expiring-sample.js'
import {
  copyOf,
  readBytes,
  replaceBytes,
  type Sample,
  sampleDatabase,
  samplePath,
  tinyOptions,
} from '../../testing/harness/sample-database.js'
import { verify } from './verify.js'
import type { VerifyReport } from './verify-report.js'
import { firstSeed, seeds } from '../../base/testing/seed.js'

const verifyIn = (fs: FileSystem): Promise<VerifyReport> => verify(samplePath, { fileSystem: fs })

/** Files that the database needs, the lock and leftovers aside. */
function neededFiles(fs: FileSystem): string[] {
  const manifest = currentManifest(fs, samplePath)
  return fs.list(samplePath).filter((name) => {
    const file = parseFileName(name)
    if (file?.kind === 'table') return manifest.tables.has(file.number)
    if (file?.kind === 'log') return file.number >= manifest.logNumber
    return file?.kind === 'current' || name === manifest.name
  })
}

let shared: Promise<Sample> | undefined
const sample = (): Promise<Sample> => (shared ??= sampleDatabase(42))

test('what the engine writes is sound, whatever the options', async () => {
  const totals = { tables: 0, entries: 0 }
  for (const seed of seeds(8)) {
    const { fs } = await (seed <= 4 ? sampleDatabase(seed) : expiringSample(seed))
    const report = await verifyIn(fs)
    assert.deepEqual(report.problems, [], `seed ${seed}`)
    assert.ok(report.isSound)
    totals.tables += report.totals.tables
    totals.entries += report.totals.entries
    assert.ok(
      report.files.some(({ level = 0 }) => level > 0),
      'a level below the first',
    )
    assert.equal(report.totals.logs > 0, true)
  }
  assert.ok(totals.tables > 16 && totals.entries > 800, JSON.stringify(totals))
})

test('a changed byte anywhere is found, and told of the file it is in', async () => {
  const whole = await sample()
  const random = new Prng(firstSeed(7))
  for (const name of neededFiles(whole.fs)) {
    for (let i = 0; i < 15; i++) {
      const fs = copyOf(whole)
      const bytes = readBytes(fs, name)
      const at = i === 0 ? 0 : random.below(bytes.length)
      bytes[at] ^= random.between(1, 255)
      replaceBytes(fs, name, bytes)
      const { problems, remarks } = await verifyIn(fs)
      // The end of a log without a mark after it looks torn.
      const isTold = [...problems, ...remarks].some(({ file }) => file === name)
      assert.ok(isTold, `${name} changed at ${at}`)
    }
  }
})

test('a file that is missing, cut or exchanged is found', async () => {
  const whole = await sample()
  const names = neededFiles(whole.fs)
  for (const [i, name] of names.entries()) {
    const missing = copyOf(whole)
    missing.remove(`${samplePath}/${name}`)
    const other = names[(i + 1) % names.length]
    const exchanged = copyOf(whole)
    replaceBytes(exchanged, name, readBytes(whole.fs, other))
    const cut = copyOf(whole)
    replaceBytes(cut, name, readBytes(whole.fs, name).subarray(0, -1))
    for (const [how, fs] of Object.entries({ missing, exchanged, cut })) {
      const { isSound, remarks } = await verifyIn(fs)
      // The last log may end anywhere, and may never have been written: a power loss takes tails.
      const mayBeTorn = name.endsWith('.log') || (how === 'cut' && name.startsWith('MANIFEST'))
      assert.ok(!isSound || mayBeTorn, `${name} ${how}`)
      if (how === 'cut') assert.ok(!isSound || remarks.length > 0, name)
    }
  }
})

test('leftovers and strangers are remarked, and are no problem', async () => {
  const fs = copyOf(await sample())
  replaceBytes(fs, '000999.sst', Buffer.from('left by a crash'))
  replaceBytes(fs, 'notes.txt', Buffer.from('mine'))
  const { isSound, remarks } = await verifyIn(fs)
  assert.ok(isSound)
  assert.deepEqual(remarks.map(({ file }) => file).sort(), ['000999.sst', 'notes.txt'])
})

test('beside an owner, files that it is writing are not remarked', async () => {
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs })
  await db.put(Buffer.from('a'), Buffer.from('1'))
  const log = fs.list(samplePath).find((name) => name.endsWith('.log'))!
  const inWork = ['000998.sst', '000999.sst.tmp', 'LOCK.0a1b2c', 'READER.0a1b2c.new']
  for (const name of inWork) replaceBytes(fs, name, Buffer.from('half a'))
  replaceBytes(fs, 'notes.txt', Buffer.from('mine'))
  const beside = await verifyIn(fs)
  assert.deepEqual(beside.problems, [])
  assert.deepEqual(
    beside.remarks.map(({ file }) => file),
    ['notes.txt'],
  )
  assert.equal(beside.owner?.pid, process.pid)
  // A record that is half written.
  const whole = readBytes(fs, log)
  replaceBytes(fs, log, whole.subarray(0, -1))
  const whileWriting = await verifyIn(fs)
  assert.deepEqual([whileWriting.isSound, whileWriting.remarks.length], [true, 1])
  replaceBytes(fs, log, whole)
  await db.close()
  const closed = await verifyIn(fs)
  assert.equal(closed.owner, undefined)
  assert.deepEqual(closed.remarks.map(({ file }) => file).sort(), [
    '000998.sst',
    '000999.sst.tmp',
    'notes.txt',
  ])
})

test('a directory without a database is refused', async () => {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(samplePath)
  await assert.rejects(verifyIn(fs), { code: 'INVALID_ARGUMENT' })
})

test('a filter that denies a key is found, though its checksum is right', async () => {
  const whole = await sampleDatabase(5, { filterBitsPerKey: 10, codec: 'none' })
  const fs = copyOf(whole)
  const name = neededFiles(fs).find((file) => file.endsWith('.sst'))!
  const bytes = readBytes(fs, name)
  const footer = bytes.subarray(-64)
  const [offset, size] = [footer.readUInt32LE(0), footer.readUInt32LE(8)]
  const at = bytes.subarray(offset, offset + size - 6).findIndex((byte) => byte !== 0)
  bytes[offset + at] = 0
  const end = offset + size - 4
  bytes.writeUInt32LE(crc32(bytes.subarray(offset, end)), end)
  replaceBytes(fs, name, bytes)
  const { problems } = await verifyIn(fs)
  assert.ok(problems.length > 0)
  for (const { file, message } of problems) {
    assert.equal(file, name)
    assert.match(message, /the filter denies keys/)
  }
})

test('a MANIFEST that does not fit its tables is found', async () => {
  const whole = await sample()
  const damage = async (change: (edit: ManifestEdit) => ManifestEdit): Promise<string> => {
    const fs = copyOf(whole)
    const manifest = currentManifest(fs, samplePath)
    const added = [...manifest.tables.values()]
    const { logNumber, nextFileNumber, lastSequence } = manifest
    const edit = change({ logNumber, nextFileNumber, lastSequence, added })
    startManifest(fs, samplePath, 90_000, edit).close()
    const { problems } = await verifyIn(fs)
    return problems.map(({ message }) => message).join('; ')
  }
  type ManifestEdit = Parameters<typeof startManifest>[3]
  type Added = NonNullable<ManifestEdit['added']>[number]
  const first = (edit: ManifestEdit, change: (added: Added) => Added): ManifestEdit => ({
    ...edit,
    added: edit.added!.map((added, i) => (i === 0 ? change(added) : added)),
  })
  const inTable = (fields: object) => (edit: ManifestEdit) =>
    first(edit, (added) => ({ ...added, table: { ...added.table, ...fields } }))
  const numbered = (edit: ManifestEdit): ManifestEdit => ({ ...edit, nextFileNumber: 90_001 })

  assert.equal(await damage(numbered), '')
  assert.match(await damage(inTable({ entryCount: 77_777 })), /entryCount/)
  assert.match(await damage(inTable({ sizeBytes: 7 })), /sizeBytes/)
  assert.match(await damage(inTable({ fileNumber: 777 })), /not there/)
  assert.match(await damage((edit) => ({ ...edit, lastSequence: 1 })), /beyond the last/)
  assert.match(await damage((edit) => ({ ...edit, nextFileNumber: 2 })), /was not given out/)
  const onOneLevel = (edit: ManifestEdit): ManifestEdit => ({
    ...numbered(edit),
    added: edit.added!.map((added) => ({ ...added, level: 1 })),
  })
  assert.match(await damage(onOneLevel), /overlap on level 1/)
})

test('a version that an older one hides is found', async () => {
  const fs = new MemoryFileSystem()
  const options = {
    ...tinyOptions,
    fileSystem: fs,
    compaction: { policy: 'leveled', l0Trigger: 8 },
  }
  const db = await openBinary(samplePath, options as typeof tinyOptions)
  const key = Buffer.from('k')
  for (const value of ['old', 'new']) {
    await db.put(key, Buffer.from(value))
    await db.put(Buffer.from('other'), Buffer.from(value))
    await db.flush()
  }
  await db.close()
  assert.ok((await verifyIn(fs)).isSound)
  const { tables, logNumber, lastSequence } = currentManifest(fs, samplePath)
  const [older, newer] = [...tables.values()].sort(
    (a, b) => a.table.minSequence - b.table.minSequence,
  )
  const added = [
    { ...older, level: 1 },
    { ...newer, level: 2 },
  ]
  startManifest(fs, samplePath, 90_000, {
    logNumber,
    nextFileNumber: 90_001,
    lastSequence,
    added,
  }).close()
  const { problems } = await verifyIn(fs)
  assert.deepEqual(
    problems.map(({ message }) => message),
    ['key k: #1 hides #3', 'key other: #2 hides #4'],
  )
})

test('a database that is written to meanwhile is sound', async () => {
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs, durability: 'sync' })
  const random = new Prng(firstSeed(3))
  let isDone = false
  const writing = (async () => {
    while (!isDone) {
      const key = Buffer.from(`k${random.below(500)}`)
      await db.put(key, random.bytes(random.between(1, 900)))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  for (let i = 0; i < 30; i++) {
    const { problems } = await verifyIn(fs)
    assert.deepEqual(problems, [])
    for (let k = 0; k < 20; k++) await new Promise((resolve) => setImmediate(resolve))
  }
  isDone = true
  await writing
  assert.ok(db.stats().compactions.count > 0)
  await db.close()
})
