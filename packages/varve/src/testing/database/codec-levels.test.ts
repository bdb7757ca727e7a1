import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open, type OpenOptions } from '../../index.js'
import { CodecRegistry } from '../../sstable/block/codec.js'
import { zstdCodec } from '../../sstable/block/zstd-codec.js'
import { TolerantTable } from '../../sstable/salvage/tolerant-table.js'

/** Several levels with few writes. */
const small: OpenOptions = {
  background: 'inline',
  memtableBytes: 8 * 1024,
  tableBytes: 8 * 1024,
  compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 8 * 1024, sizeRatio: 2 },
}

test('each level has its codec; the default is LZ4', async () => {
  const byDefault = await codecsByLevel({})
  assert.deepEqual([...byDefault.level0], ['lz4'])
  assert.deepEqual([...byDefault.upper], ['lz4'])
  assert.ok([...byDefault.last].every((codec) => codec === 'lz4' || codec === 'lz4hc'))
  const codec = { level0: 'none', upper: 'deflate', last: 'lz4hc' }
  const given = await codecsByLevel({ codec })
  assert.deepEqual([...given.level0], ['none'])
  assert.ok(given.upper.has('deflate'))
  assert.ok(given.last.has('lz4hc'))
  const one = await codecsByLevel({ codec: 'lz4' })
  for (const codecs of [one.level0, one.upper, one.last]) assert.deepEqual([...codecs], ['lz4'])
})

test('a part of the option leaves the others at their defaults', async () => {
  const codecs = await codecsByLevel({ codec: { last: 'deflate' } })
  assert.deepEqual([...codecs.level0], ['lz4'])
  assert.ok(codecs.last.has('deflate'))
})

test('compact() writes the last level with a codec of its own', async () => {
  for (const [codec, expected] of [
    [undefined, 'lz4hc'],
    [{ compact: 'deflate' }, 'deflate'],
    [{ last: 'deflate' }, 'deflate'],
    ['none', 'none'],
  ] as const) {
    const fs = new MemoryFileSystem()
    const options = { memtableBytes: 1024 * 1024, fileSystem: fs, ...(codec && { codec }) }
    await using db = await open('/db', { ...small, ...options })
    for (const [key, value] of rows(1)) db.putSync(key, value)
    await db.compact()
    const tables = db.levels().flatMap((level) => level.tables)
    assert.ok(tables.length > 0)
    for (const { fileNumber } of tables) assert.equal(codecOf(fs, fileNumber), expected)
  }
})

test('only tables that may have LZ4 blocks have format version 2', async () => {
  for (const [codec, version] of [
    ['none', 1],
    ['deflate', 1],
    ['lz4', 2],
    ['lz4hc', 2],
  ] as const) {
    // Filters have a secret, which needs version 2, too.
    const { fs, close } = await filled({ codec, filterBitsPerKey: 0 })
    for (const name of fs.list('/db').filter((each) => each.endsWith('.sst'))) {
      const bytes = fs.openForRead(`/db/${name}`)
      const ends = Buffer.alloc(24)
      bytes.read(ends, 0, 12, 0)
      bytes.read(ends, 12, 12, bytes.sizeBytes() - 12)
      assert.equal(ends.readUInt32LE(8), version, codec)
      assert.equal(ends.readUInt32LE(12), version, codec)
    }
    await close()
  }
})

test('a database moves from codec to codec, and all stay readable together', async () => {
  const fileSystem = new MemoryFileSystem()
  const expected = new Map<string, string>()
  for (const codec of ['none', 'lz4', 'deflate', 'lz4hc', { last: 'lz4' }]) {
    await using db = await open('/db', { ...small, fileSystem, codec })
    for (const [key, value] of rows(100 * expected.size)) {
      expected.set(key, value)
      db.putSync(key, value)
    }
    assert.deepEqual([...db.entries()], [...expected].sort(byKey))
  }
})

test('zstd is used where the runtime has it, and refused by name where not', async () => {
  const options = { ...small, fileSystem: new MemoryFileSystem(), codec: 'zstd' }
  if (zstdCodec === undefined) {
    await assert.rejects(open('/db', options), { code: 'INVALID_ARGUMENT', message: /Node 22\.15/ })
    return
  }
  const { last } = await codecsByLevel({ codec: 'zstd' })
  assert.deepEqual([...last], ['zstd'])
})

/** The names of the codecs of the tables on level 0, the last level and those between. */
async function codecsByLevel(options: OpenOptions) {
  const { db, fs, close } = await filled(options)
  const codecs = { level0: new Set<string>(), upper: new Set<string>(), last: new Set<string>() }
  const levels = db.levels()
  for (const { level, tables } of levels) {
    const place = level === 0 ? 'level0' : level === levels.length - 1 ? 'last' : 'upper'
    for (const { fileNumber } of tables) {
      codecs[place].add(codecOf(fs, fileNumber))
    }
  }
  await close()
  return codecs
}

function codecOf(fs: MemoryFileSystem, fileNumber: number): string {
  const path = `/db/${String(fileNumber).padStart(6, '0')}.sst`
  return new TolerantTable(fs.openForRead(path), new CodecRegistry()).properties!.codec
}

async function filled(options: OpenOptions) {
  const fs = new MemoryFileSystem()
  const db = await open('/db', { ...small, ...options, fileSystem: fs })
  for (let round = 0; round < 20; round++) {
    for (const [key, value] of rows(round)) db.putSync(key, value)
  }
  await db.compact()
  for (let round = 0; round < 12; round++) {
    for (const [key, value] of rows(100 + 3 * round)) db.putSync(key, value)
  }
  await db.flush()
  if (db.levels()[0].tables.length === 0) {
    db.putSync('last', 'row')
    await db.flush()
  }
  return { db, fs, close: () => db.close() }
}

function rows(from: number): [string, string][] {
  return Array.from({ length: 100 }, (_, i) => {
    const id = Math.imul(from * 100 + i, 0x9e3779b1) >>> 16
    return [`row ${id}`, JSON.stringify({ id, name: `a row with the number ${id}`, from })]
  })
}

function byKey([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1
}
