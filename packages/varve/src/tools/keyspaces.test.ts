import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WriteBatch } from '../batch/write-batch.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { ValueKind } from '../key/value-kind.js'
import { LogPurpose } from '../log/log-format.js'
import { LogWriter } from '../log/log-writer.js'
import { currentName, logName, tableName } from '../store/file-names.js'
import { openBinary } from '../testing/harness/comparison.js'
import {
  readBytes,
  replaceBytes,
  samplePath,
  tinyOptions,
} from '../testing/harness/sample-database.js'
import { startManifest } from '../version/manifest.js'
import type { VersionEdit } from '../version/version-edit.js'
import { encodeLogStart } from '../wal/log-start.js'
import { backup, restoreBackup } from './backup.js'
import { currentManifest } from './directory/manifest-view.js'
import { dump } from './dump/dump.js'
import { repair } from './repair/repair.js'
import { verify } from './verify/verify.js'

const other = 7

/** Numbers of the table of the default keyspace, that of the other one, and the log. */
interface Built {
  readonly fs: MemoryFileSystem
  readonly own: number
  readonly others: number
  readonly logNumber: number
}

/**
 * A database with two keyspaces, each with a table of the keys `k0` to `k9`. The log has a newer
 * `k0` of both. The table of the other keyspace is newer than the logged write of the default one.
 */
async function twoKeyspaces(wrong: VersionEdit = {}): Promise<Built> {
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, {
    ...tinyOptions,
    compaction: { policy: 'leveled', l0Trigger: 8 },
    fileSystem: fs,
  })
  for (const keys of [10, 1, 10]) {
    for (let i = 0; i < keys; i++) db.putSync(Buffer.from(`k${i}`), Buffer.from('old'))
    await db.flush()
  }
  await db.close()
  const { tables, nextFileNumber: logNumber } = currentManifest(fs, samplePath)
  const [own, unwanted, others] = [...tables.values()]
    .map(({ table }) => table)
    .sort((a, b) => a.minSequence - b.minSequence)
  const left = [own, others].map(({ fileNumber }) => tableName(fileNumber))
  assert.equal(unwanted.entryCount, 1)
  for (const name of fs.list(samplePath)) {
    if (!left.includes(name)) fs.remove(`${samplePath}/${name}`)
  }
  writeLog(fs, logNumber, [
    [0, unwanted.maxSequence],
    [other, others.maxSequence + 1],
  ])
  startManifest(fs, samplePath, logNumber + 1, {
    logNumber,
    nextFileNumber: logNumber + 2,
    lastSequence: others.maxSequence,
    keyspaces: [{ id: other, name: 'other', options: '{}' }],
    added: [
      { keyspace: 0, level: 0, table: { ...own, run: 0 } },
      { keyspace: other, level: 1, table: { ...others, run: 0 } },
    ],
    ...wrong,
  }).close()
  return { fs, own: own.fileNumber, others: others.fileNumber, logNumber }
}

/** A new `k0` for each keyspace and sequence. */
function writeLog(
  fs: MemoryFileSystem,
  logNumber: number,
  writes: readonly (readonly [keyspace: number, sequence: number])[],
): void {
  const path = `${samplePath}/${logName(logNumber)}`
  const log = LogWriter.create(fs, path, LogPurpose.writeAhead, logNumber)
  log.append(encodeLogStart({ previousLog: 0, previousBytes: 0 }))
  for (const [keyspace, sequence] of writes) {
    const batch = new WriteBatch(0)
    batch.begin(ValueKind.put, keyspace)
    batch.appendBytes(Buffer.from('k0'))
    batch.endKey()
    batch.appendBytes(Buffer.from('new'))
    batch.end()
    batch.seal(sequence)
    log.append(Buffer.from(batch.buffer.subarray(0, batch.payloadBytes)))
  }
  log.close()
}

/** Key and value of the logged writes, after their keyspace. */
function loggedIn(fs: MemoryFileSystem, directory: string): string[] {
  const { logNumber } = currentManifest(fs, directory)
  const logs = fs.list(directory).filter((name) => name.endsWith('.log'))
  assert.ok(logs.includes(logName(logNumber)))
  return logs.flatMap((name) => [...written(fs, directory, name)])
}

function* written(fs: MemoryFileSystem, directory: string, name: string): Generator<string> {
  for (const item of dump(directory, name, { fileSystem: fs })) {
    if (item.type !== 'operation' && item.type !== 'entry') continue
    const keyspace = item.type === 'operation' ? `${item.keyspace} ` : ''
    const [key, value] = [item.key, item.value!].map((bytes) => Buffer.from(bytes).toString())
    yield `${keyspace}${item.kind} ${key} ${value}`
  }
}

/** The level and number of entries of each table, by keyspace. */
function tablesIn(fs: MemoryFileSystem, directory: string): Map<number, number[][]> {
  const manifest = currentManifest(fs, directory)
  assert.deepEqual(manifest.problems, [])
  return new Map(
    manifest
      .keyspaces()
      .map((keyspace) => [
        keyspace,
        manifest
          .levels(keyspace)
          .flatMap((tables, level) => tables.map(({ entryCount }) => [level, entryCount])),
      ]),
  )
}

const logged = ['0 put k0 new', `${other} put k0 new`]

test('verify reads all keyspaces, and dump shows the keyspace of a write', async () => {
  const { fs } = await twoKeyspaces()
  const report = await verify(samplePath, { fileSystem: fs })
  assert.deepEqual(report.problems, [])
  assert.equal(report.totals.operations, 2)
  assert.equal(report.totals.entries, 20)
  assert.deepEqual(loggedIn(fs, samplePath), logged)
  assert.equal((await repair(samplePath, { fileSystem: fs })).isNeeded, false)
})

test('verify finds damage in the table of another keyspace', async () => {
  const { fs, others } = await twoKeyspaces()
  const bytes = readBytes(fs, tableName(others))
  bytes[bytes.indexOf('k9')] ^= 1
  replaceBytes(fs, tableName(others), bytes)
  const { problems } = await verify(samplePath, { fileSystem: fs })
  assert.deepEqual(problems.map(({ file }) => file).slice(0, 1), [tableName(others)])
})

test('a restored backup has the tables and logged writes of all keyspaces', async () => {
  const { fs } = await twoKeyspaces()
  await backup(samplePath, '/backups', { fileSystem: fs })
  await restoreBackup('/backups', '/restored', { fileSystem: fs })
  assert.deepEqual(tablesIn(fs, '/restored'), tablesIn(fs, samplePath))
  assert.deepEqual(loggedIn(fs, '/restored'), logged)
  assert.equal((await verify('/restored', { fileSystem: fs })).isSound, true)
})

test('a repair without CURRENT keeps each table in its keyspace', async () => {
  const { fs } = await twoKeyspaces()
  const before = tablesIn(fs, samplePath)
  fs.remove(`${samplePath}/${currentName}`)
  await repair(samplePath, { fileSystem: fs, apply: true })
  assert.deepEqual(tablesIn(fs, samplePath), before)
})

test('a repair moves logged writes to a table of their keyspace', async () => {
  const { fs } = await twoKeyspaces()
  const { after } = await repair(samplePath, { fileSystem: fs, apply: true, salvageLogs: true })
  assert.deepEqual(after!.problems, [])
  const tables = new Map([
    [0, [[0, 1], [0, 10]]], // prettier-ignore
    [other, [[0, 1], [1, 10]]], // prettier-ignore
  ])
  assert.deepEqual(tablesIn(fs, samplePath), tables)
})

test('a repair without a sound MANIFEST takes keyspaces from the damaged one', async () => {
  const { fs } = await twoKeyspaces({ lastSequence: 1 })
  const { isRebuilt, after } = await repair(samplePath, { fileSystem: fs, apply: true })
  assert.equal(isRebuilt, true)
  assert.deepEqual(after!.problems, [])
  assert.deepEqual([...tablesIn(fs, samplePath).keys()], [0, other])
  assert.deepEqual(loggedIn(fs, samplePath), logged)
})

test('a repair leaves out tables whose keyspace it cannot know', async () => {
  const { fs, own, others } = await twoKeyspaces({ lastSequence: 1 })
  const unknown = tableName(others + 100)
  fs.link(`${samplePath}/${tableName(own)}`, `${samplePath}/${unknown}`)
  const { files } = await repair(samplePath, { fileSystem: fs })
  const fates = files.map(({ name, fate, reason }) => [name, fate, reason])
  assert.deepEqual(
    fates.filter(([name]) => name === unknown),
    [[unknown, 'drop', 'its keyspace is unknown']],
  )
})
