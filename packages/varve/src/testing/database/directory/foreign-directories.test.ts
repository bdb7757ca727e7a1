import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileSystem } from '../../../fs/file-system.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { destroy, open, VarveError } from '../../../index.js'
import { backup, describeDirectory, dump, repair, verify } from '../../../tools/index.js'

type Files = Readonly<Record<string, string | Buffer>>

/** Checksum, length and type of a record, then the edit: tag 1, a length, the comparator's name. */
function levelDbManifest(comparator: string): Buffer {
  const edit = Buffer.from(
    `\x01${String.fromCharCode(comparator.length)}${comparator}\x02\x00`,
    'latin1',
  )
  const header = Buffer.from([0x56, 0xf9, 0xb8, 0xf8, edit.length, 0, 1])
  return Buffer.concat([header, edit, Buffer.alloc(64)])
}

function lmdbFile(): Buffer {
  const file = Buffer.alloc(4096)
  file.writeUInt32LE(0xbeefc0de, 16)
  return file
}

const levelDb: Files = {
  CURRENT: 'MANIFEST-000007\n',
  'MANIFEST-000007': levelDbManifest('leveldb.BytewiseComparator'),
  '000008.log': '',
  LOCK: '',
}
const levelDbWithoutCurrent: Files = { '000005.ldb': 'table', '000008.log': '', LOCK: '' }
const rocksDb: Files = {
  ...levelDb,
  LOG: 'RocksDB version: 9',
  IDENTITY: 'id',
  'OPTIONS-000009': '',
}

const foreign: Readonly<Record<string, readonly [Files, RegExp]>> = {
  LevelDB: [levelDb, /of LevelDB: copy it with `varve import --from leveldb \/db`/],
  'LevelDB with a custom comparator': [
    { CURRENT: levelDb['CURRENT'], 'MANIFEST-000007': levelDbManifest('idb_cmp1'), LOG: '' },
    /of LevelDB/,
  ],
  'LevelDB without CURRENT': [levelDbWithoutCurrent, /of LevelDB/],
  RocksDB: [rocksDb, /of RocksDB: export its entries .*varve import/],
  LMDB: [
    { 'data.mdb': lmdbFile(), 'lock.mdb': '' },
    /of LMDB: copy it with `varve import --from lmdb \/db`/,
  ],
}

function write(fs: FileSystem, path: string, content: string | Buffer): void {
  const bytes = Buffer.from(content)
  const file = fs.create(path)
  file.append(bytes, 0, bytes.length)
  file.close()
}

function diskWith(files: Files): MemoryFileSystem {
  const fs = new MemoryFileSystem()
  fs.makeDirectory('/db')
  for (const [name, content] of Object.entries(files)) write(fs, `/db/${name}`, content)
  return fs
}

const failure =
  (code: string, message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof VarveError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  }

for (const [name, [files, message]] of Object.entries(foreign)) {
  test(`a database of ${name} is recognized by every function and left alone`, async () => {
    const fileSystem = diskWith(files)
    const before = fileSystem.list('/db').sort()
    const options = { fileSystem, background: 'inline' } as const
    const isNamed = failure('UNSUPPORTED_FORMAT', message)
    await assert.rejects(open('/db', options), isNamed)
    await assert.rejects(open('/db', { ...options, readOnly: true }), isNamed)
    await assert.rejects(verify('/db', { fileSystem }), isNamed)
    await assert.rejects(repair('/db', { fileSystem, apply: true }), isNamed)
    await assert.rejects(backup('/db', '/backups', { fileSystem }), isNamed)
    await assert.rejects(async () => describeDirectory('/db', { fileSystem }), isNamed)
    assert.throws(() => [...dump('/db', 'CURRENT', { fileSystem })], isNamed)
    const isLeftAlone = failure('INVALID_ARGUMENT', /another engine; its files are not removed/)
    await assert.rejects(destroy('/db', { fileSystem }), isLeftAlone)
    assert.deepEqual(fileSystem.list('/db').sort(), before)
  })
}

test('a file of LMDB is recognized', async () => {
  const fileSystem = diskWith({ 'data.lmdb': lmdbFile() })
  const opened = open('/db/data.lmdb', { fileSystem, background: 'inline' })
  await assert.rejects(opened, failure('UNSUPPORTED_FORMAT', /of LMDB/))
})

test('damage to a MANIFEST of Varve is still damage', async () => {
  const fileSystem = new MemoryFileSystem()
  const options = { fileSystem, background: 'inline' } as const
  await (await open('/db', options)).close()
  const manifest = fileSystem.list('/db').find((name) => name.startsWith('MANIFEST'))!
  fileSystem.remove(`/db/${manifest}`)
  write(fileSystem, `/db/${manifest}`, 'x'.repeat(100))
  await assert.rejects(open('/db', options), failure('CORRUPTION', /not a log header/))
  assert.equal((await verify('/db', { fileSystem })).isSound, false)
})

test('files that only resemble those of another engine are ignored', async () => {
  const fileSystem = diskWith({ 'data.mdb': 'not LMDB', LOG: 'notes', 'OPTIONS-000001': '' })
  const options = { fileSystem, background: 'inline' } as const
  const db = await open('/db', options)
  await db.put('k', 'v')
  await db.close()
  await using again = await open('/db', options)
  assert.equal(await again.get('k'), 'v')
})
