import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import { FaultyFileSystem } from '../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../fs/file-system.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { maxFileNumber, tableName } from '../store/file-names.js'
import { databaseExists, replayManifest } from './manifest.js'
import { fakeTable } from './testing/fake-tables.js'
import type { VersionEdit } from './version-edit.js'
import { VersionSet } from './version-set.js'
import { seeds } from '../base/testing/seed.js'

const directory = '/db'

/** A directory with table files 1000 to 1019, so that edits may name them. */
function newFileSystem(): MemoryFileSystem {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(directory)
  fs.syncDirectory('/')
  return fs
}

function addTables(fs: FileSystem): void {
  for (let n = 1000; n < 1020; n++) fs.create(`${directory}/${tableName(n)}`).close()
  fs.syncDirectory(directory)
}

/** Replaces table n-1 on level 1 with table n, so that one number describes the state. */
function step(n: number): VersionEdit {
  return {
    logNumber: n,
    deleted: n > 1000 ? [{ keyspace: 0, level: 1, fileNumber: n - 1 }] : [],
    added: [{ keyspace: 0, level: 1, table: fakeTable(n, 'a', 'z') }],
  }
}

function stateOf(set: VersionSet): number | undefined {
  return set.current().levels[1][0]?.fileNumber
}

function recovered(fs: FileSystem): VersionSet {
  return VersionSet.recover(fs, directory)
}

test('an edit after a pending one has no lower sequence', async () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  addTables(fs)
  await Promise.all([
    set.applyEditAsync({ ...step(1000), lastSequence: 5000 }),
    set.applyEditAsync(step(1001)),
  ])
  set.close()
  const told: (number | undefined)[] = []
  replayManifest(fs, directory, 1, ({ lastSequence }) => told.push(lastSequence))
  assert.deepEqual(told, [0, 5000, 5000])
})

test('edits survive reopening, with numbers and keyspaces', () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  addTables(fs)
  set.applyEdit({ ...step(1000), lastSequence: 5000 })
  set.applyEdit({ keyspaces: [{ id: 3, name: 'users', options: '{}' }] })
  set.applyEdit({ added: [{ keyspace: 3, level: 0, table: fakeTable(1005, 'b', null) }] })
  const first = set.allocateFileNumber(3)
  assert.equal(set.allocateFileNumber(), first + 3)
  set.applyEdit({ logNumber: 1001 })
  set.close()
  const again = recovered(fs)
  assert.deepEqual(again.current().levels, set.current().levels)
  assert.deepEqual(again.current(3).levels, set.current(3).levels)
  assert.equal(again.current(7).tableCount, 0)
  assert.equal(again.logNumber, 1001)
  assert.equal(again.lastSequence, 5000)
  assert.ok(again.allocateFileNumber() > 1019, 'numbers of files in the directory are not reused')
  assert.deepEqual(again.liveFileNumbers(), new Set([1000, 1005]))
})

test('dropping a keyspace is one step with its tables, and its id is not used again', () => {
  const fs = newFileSystem()
  const obsolete: number[] = []
  const onObsolete = (fileNumbers: readonly number[]): void => void obsolete.push(...fileNumbers)
  const set = VersionSet.create(fs, directory, { onObsolete })
  addTables(fs)
  const users = { id: 1, name: 'users', options: '{}' }
  set.applyEdit({ keyspaces: [users, { id: 2, name: 'other', options: '{}' }] })
  set.applyEdit({ keyspaces: [{ ...users, options: '{"ttlMs":5}' }] })
  set.applyEdit({ added: [{ keyspace: 1, level: 0, table: fakeTable(1005, 'b', null) }] })
  const reader = set.current(1).retain()
  const before = recovered(fs.crashClone({ unsynced: 'none', prng: new Prng(1), sectorBytes: 512 }))
  assert.equal(before.keyspaceNamed('users')?.options, '{"ttlMs":5}')
  assert.equal(before.current(1).tableCount, 1)
  set.applyEdit({ droppedKeyspaces: [1] })
  assert.deepEqual(obsolete, [])
  reader.release()
  assert.deepEqual(obsolete, [1005])
  set.applyEdit({ keyspaces: [{ ...users, id: 3 }] })
  set.close()
  for (const again of [recovered(fs), recovered(fs)]) {
    assert.deepEqual(
      again.keyspaces().map(({ id }) => id),
      [2, 3],
    )
    assert.equal(again.nextKeyspace, 4)
    assert.equal(again.current(1).tableCount, 0)
    again.close()
  }
})

test('an edit of a keyspace that does not exist is damage', () => {
  for (const edit of [
    { droppedKeyspaces: [1] },
    { nextKeyspace: 5, keyspaces: [{ id: 4, name: 'a', options: '{}' }] },
    { added: [{ keyspace: 1, level: 0, table: fakeTable(1005, 'b', null) }] },
  ]) {
    const fs = newFileSystem()
    const set = VersionSet.create(fs, directory)
    addTables(fs)
    if ('nextKeyspace' in edit) set.applyEdit({ nextKeyspace: 5 })
    set.applyEdit(edit)
    set.close()
    assert.throws(() => recovered(fs), { code: 'CORRUPTION' })
  }
})

test('a read-only set changes nothing', () => {
  const fs = newFileSystem()
  VersionSet.create(fs, directory).close()
  const names = fs.list(directory).sort()
  const set = VersionSet.recover(fs, directory, { readOnly: true })
  assert.deepEqual(fs.list(directory).sort(), names)
  assert.throws(() => set.applyEdit({ logNumber: 1 }), /read-only/)
})

test('after a power loss at any time, reopening returns the state before or after the edit', () => {
  for (const seed of seeds(12, 0)) {
    const fs = newFileSystem()
    let begun = 999
    let done = 998 // 998: the database need not be there
    const faulty = new FaultyFileSystem(fs, (operation) => {
      for (const unsynced of ['none', 'all', 'random', 'torn'] as const) {
        const prng = new Prng(seed * 1000 + operation.index)
        const crashed = fs.crashClone({ unsynced, prng, sectorBytes: 512 })
        const place = `seed ${seed}, ${unsynced}, before ${operation.kind} #${operation.index}`
        if (!databaseExists(crashed, directory)) {
          assert.equal(done, 998, place)
          continue
        }
        const state = stateOf(recovered(crashed)) ?? 999
        assert.ok(state === begun || state === Math.max(done, 999), `${place}: ${state}`)
      }
      return undefined
    })
    let set = VersionSet.create(faulty, directory, { maxManifestBytes: 300 })
    done = 999
    addTables(fs)
    for (let n = 1000; n < 1008; n++) {
      begun = n
      set.applyEdit(step(n))
      done = n
      if (n !== 1004) continue
      set.close()
      set = VersionSet.recover(faulty, directory, { maxManifestBytes: 300 })
    }
    assert.ok(fs.list(directory).filter((name) => name.startsWith('MANIFEST')).length > 2)
  }
})

test('if any operation fails, the edit is not current, and no earlier edit is lost', () => {
  const seen = { poisoned: 0, alone: 0, unharmed: 0 }
  for (let failAt = 0; failAt < 60; failAt++) {
    const fs = newFileSystem()
    const set = VersionSet.create(fs, directory)
    set.close()
    addTables(fs)
    let done = 999
    try {
      const faulty = new FaultyFileSystem(fs, ({ index }) =>
        index === failAt ? { systemCode: 'EIO', shortWriteBytes: 40 } : undefined,
      )
      const faultySet = VersionSet.recover(faulty, directory, { maxManifestBytes: 400 })
      let failure: VarveError | undefined
      for (let n = 1000; n < 1006 && !faultySet.isPoisoned; n = done + 1) {
        try {
          faultySet.applyEdit(step(n))
          done = n
        } catch (error) {
          failure = error as VarveError
        }
        assert.equal(stateOf(faultySet) ?? 999, done)
      }
      seen[failure === undefined ? 'unharmed' : faultySet.isPoisoned ? 'poisoned' : 'alone']++
      assert.equal(failure?.code === 'POISONED', faultySet.isPoisoned)
      if (faultySet.isPoisoned) {
        assert.throws(() => faultySet.applyEdit(step(done + 1)), { code: 'POISONED' })
      }
    } catch (error) {
      assert.ok(error instanceof VarveError && error.code === 'IO', String(error))
    }
    const state = stateOf(recovered(fs.processCrashClone())) ?? 999
    assert.ok(state === done || state === done + 1, `fail at ${failAt}: ${state}, not ${done}`)
  }
  assert.ok(seen.poisoned >= 6 && seen.alone >= 6 && seen.unharmed >= 6, JSON.stringify(seen))
})

test('a new MANIFEST that cannot be written leaves the old one in use and no file', () => {
  const fs = newFileSystem()
  const faulty = new FaultyFileSystem(fs, () => undefined)
  const set = VersionSet.create(faulty, directory, { maxManifestBytes: 100 })
  addTables(fs)
  const before = fs.list(directory).length
  faulty.faultFor = ({ kind, path }) =>
    kind === 'append' && path.endsWith('.tmp') ? { systemCode: 'ENOSPC' } : undefined
  for (let n = 1000; n < 1006; n++) set.applyEdit(step(n))
  assert.equal(fs.list(directory).filter((name) => name.startsWith('MANIFEST')).length, 1)
  assert.equal(fs.list(directory).length, before)
  faulty.faultFor = () => undefined
  for (let n = 1006; n < 1012; n++) set.applyEdit(step(n))
  assert.ok(fs.list(directory).filter((name) => name.startsWith('MANIFEST')).length > 1)
  assert.equal(stateOf(recovered(fs)), 1011)
})

test('background edits become current in order, and a blocking edit completes them', async () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  addTables(fs)
  const first = set.applyEditAsync(step(1000))
  const second = set.applyEditAsync(step(1001))
  assert.equal(stateOf(set), undefined)
  await first
  assert.ok(stateOf(set)! >= 1000)
  await second
  assert.equal(stateOf(set), 1001)
  const third = set.applyEditAsync(step(1002))
  set.applyEdit(step(1003))
  assert.equal(stateOf(set), 1003)
  const fourth = set.applyEditAsync(step(1004))
  await Promise.all([third, fourth])
  assert.equal(stateOf(set), 1004)
  set.close()
  assert.equal(stateOf(recovered(fs)), 1004)
})

test('a failed background sync fails every waiting edit', async () => {
  const fs = newFileSystem()
  const faulty = new FaultyFileSystem(fs)
  const set = VersionSet.create(faulty, directory)
  addTables(fs)
  let syncs = 0
  faulty.faultFor = ({ kind }) =>
    kind === 'sync' && syncs++ === 0 ? { systemCode: 'EIO' } : undefined
  const first = set.applyEditAsync(step(1000))
  await assert.rejects(first, { code: 'POISONED' })
  await assert.rejects(set.applyEditAsync(step(1001)), { code: 'POISONED' })
  assert.equal(stateOf(set), undefined)
  assert.equal(set.isPoisoned, true)
})

test('an invalid edit is rejected before it reaches the MANIFEST', () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  addTables(fs)
  set.applyEdit(step(1000))
  const overlapping = { keyspace: 0, level: 1, table: fakeTable(1001, 'b', 'c') }
  assert.throws(() => set.applyEdit({ added: [overlapping] }), /overlap on level 1/)
  assert.throws(
    () => set.applyEdit({ deleted: [{ keyspace: 0, level: 2, fileNumber: 1000 }] }),
    /not on level 2/,
  )
  set.applyEdit(step(1001))
  set.close()
  assert.equal(stateOf(recovered(fs)), 1001)
})

test('a table becomes obsolete when the last Version that holds it is released', () => {
  const fs = newFileSystem()
  const obsolete: number[] = []
  const set = VersionSet.create(fs, directory, {
    onObsolete: (numbers) => obsolete.push(...numbers),
  })
  addTables(fs)
  set.applyEdit(step(1000))
  const pinned = set.current().retain()
  set.applyEdit(step(1001))
  set.applyEdit(step(1002))
  assert.deepEqual(obsolete, [1001])
  assert.deepEqual(set.liveFileNumbers(), new Set([1000, 1002]))
  pinned.release()
  assert.deepEqual(obsolete, [1001, 1000])
  const table = set.current().levels[1][0]
  set.applyEdit({
    deleted: [{ keyspace: 0, level: 1, fileNumber: 1002 }],
    added: [{ keyspace: 0, level: 2, table }],
  })
  assert.deepEqual(obsolete, [1001, 1000], 'a moved table is not obsolete')
  assert.equal(set.current().levels[2][0].fileNumber, 1002)
})

test('lists the files left by a crash or an older MANIFEST', () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  fs.create(`${directory}/${tableName(1000)}`).close()
  fs.create(`${directory}/${tableName(1001)}`).close()
  fs.create(`${directory}/000500.log`).close()
  fs.create(`${directory}/001001.log`).close()
  set.applyEdit(step(1000))
  set.close()
  const expected = ['000500.log', '001001.sst', 'MANIFEST-000001']
  assert.deepEqual(recovered(fs).unneededFiles().sort(), expected)
})

test('a file with the highest possible number does not affect allocation', () => {
  const fs = newFileSystem()
  VersionSet.create(fs, directory).close()
  fs.create(`${directory}/${tableName(maxFileNumber)}`).close()
  for (let i = 0; i < 3; i++) {
    const set = recovered(fs)
    assert.ok(set.allocateFileNumber() < 100)
    set.close()
  }
})

test('a missing or malformed CURRENT, or one that names no file, is corruption', () => {
  const fs = newFileSystem()
  assert.equal(databaseExists(fs, '/nowhere'), false)
  assert.equal(databaseExists(fs, directory), false)
  VersionSet.create(fs, directory).close()
  assert.equal(databaseExists(fs, directory), true)
  for (const text of [
    '',
    'MANIFEST-000001',
    '../MANIFEST-000001\n',
    '000001.log\n',
    'MANIFEST-000009\n',
  ]) {
    fs.remove(`${directory}/CURRENT`)
    const file = fs.create(`${directory}/CURRENT`)
    file.append(Buffer.from(text), 0, text.length)
    file.close()
    assert.throws(() => recovered(fs), { code: 'CORRUPTION' }, JSON.stringify(text))
  }
  fs.remove(`${directory}/CURRENT`)
  fs.create(`${directory}/${tableName(9)}`).close()
  assert.throws(() => databaseExists(fs, directory), /repair/)
})

test('a table in the MANIFEST without a file is corruption', () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  addTables(fs)
  set.applyEdit(step(1000))
  fs.remove(`${directory}/${tableName(1000)}`)
  assert.throws(() => recovered(fs), { code: 'CORRUPTION', file: '/db/001000.sst' })
})

test('damage to the last edit of a MANIFEST is detected', () => {
  const fs = newFileSystem()
  const set = VersionSet.create(fs, directory)
  addTables(fs)
  set.applyEdit(step(1000))
  const path = `${directory}/MANIFEST-000001`
  const file = fs.openForRead(path)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  bytes[bytes.length - 24 - 3] ^= 1
  fs.remove(path)
  const damaged = fs.create(path)
  damaged.append(bytes, 0, bytes.length)
  damaged.close()
  assert.throws(() => recovered(fs), { code: 'CORRUPTION', file: path })
})
