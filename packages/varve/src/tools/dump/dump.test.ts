import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileSystem } from '../../fs/file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { openBinary } from '../../testing/harness/comparison.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import { parseFileName } from '../../store/file-names.js'
import { dump, type DumpOptions } from './dump.js'
import type { DumpItem } from './dump-items.js'
import { contentsOf } from '../testing/record-oracle.js'
import {
  copyOf,
  readBytes,
  replaceBytes,
  sampleDatabase,
  samplePath,
  tinyOptions,
} from '../../testing/harness/sample-database.js'

/** Items as plain strings, because their bytes are valid only until the next one. */
function dumped(fs: FileSystem, name: string, options: DumpOptions = {}): string[] {
  const lines: string[] = []
  for (const item of dump(samplePath, name, { fileSystem: fs, ...options })) {
    lines.push(lineOf(item))
  }
  return lines
}

function lineOf(item: DumpItem): string {
  const text = (bytes: Uint8Array | null | undefined): string =>
    bytes === null ? '∞' : bytes === undefined ? '' : Buffer.from(bytes).toString('latin1')
  if (item.type === 'operation') {
    return `${item.kind} #${item.sequence} ${text(item.key)} ${text(item.value)}${text(item.end)}`
  }
  if (item.type === 'entry') {
    return `${item.kind} #${item.sequence} ${text(item.key)} ${text(item.value)}`
  }
  if (item.type === 'range delete') {
    return `${item.type} #${item.sequence} ${text(item.start)} ${text(item.end)}`
  }
  if (item.type !== 'edit') return item.type
  return `edit ${item.added.map(({ table }) => table.fileNumber).join(' ')}`
}

const kindNames = ['delete', 'put', 'range delete']

test('every record of a database is in the dumps of its files', async () => {
  for (const seed of [11, 12]) {
    const { fs } = await sampleDatabase(seed)
    const { records } = contentsOf(fs)
    const lines = fs.list(samplePath).flatMap((name) => {
      const kind = parseFileName(name)?.kind
      return kind === 'table' || kind === 'log' ? dumped(fs, name) : []
    })
    const expected = records.map(({ kind, sequence, key, value }) => {
      const end = kind === 2 && value === undefined ? '∞' : (value?.toString('latin1') ?? '')
      return `${kindNames[kind]} #${sequence} ${key} ${end}`
    })
    const found = lines.filter((line) => line.includes(' #'))
    assert.deepEqual(found.sort(), expected.sort())
  }
})

test('damage is an item, and what lies around it is there', async () => {
  const whole = await sampleDatabase(13, { durability: 'sync' })
  for (const name of whole.fs.list(samplePath)) {
    const kind = parseFileName(name)?.kind
    if (kind !== 'table' && kind !== 'log' && kind !== 'manifest') continue
    const fs = copyOf(whole)
    const before = dumped(fs, name)
    assert.ok(!before.includes('damage') && !before.includes('torn'), name)
    const bytes = readBytes(fs, name)
    bytes[Math.floor(bytes.length / 3)] ^= 1
    replaceBytes(fs, name, bytes)
    const after = dumped(fs, name)
    assert.equal(after.filter((line) => line === 'damage').length, 1, name)
    const rest = after.filter((line) => line !== 'damage')
    assert.ok(rest.length > before.length / 4 && rest.every((line) => before.includes(line)), name)
    replaceBytes(fs, name, bytes.subarray(0, -5))
    assert.ok(dumped(fs, name).some((line) => line === 'torn' || line === 'damage'))
  }
})

test('what expires is a put with its moment, and without it in the value', async () => {
  const clock = new VirtualClock()
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs, clock })
  await db.put(Buffer.from('k'), Buffer.from('v'), { ttlMs: 1000 })
  await db.flush()
  await db.put(Buffer.from('k'), Buffer.alloc(0), { ttlMs: 2000 })
  await db.close()
  const found = fs
    .list(samplePath)
    .flatMap((name) => [...dump(samplePath, name, { fileSystem: fs })])
    .filter((item) => item.type === 'operation' || item.type === 'entry')
    .map(({ kind, sequence, value, expiresAtMs }) => [kind, sequence, value?.length, expiresAtMs])
  assert.deepEqual(found.sort(), [
    ['put', 1, 1, clock.wallMs() + 1000],
    ['put', 2, 0, clock.wallMs() + 2000],
  ])
})

test('ranges and outlines leave out what was not asked for', async () => {
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs })
  const key = (i: number): Buffer => Buffer.from(`k${i}`)
  for (let i = 0; i < 5; i++) await db.put(key(i), Buffer.from(`v${i}`))
  const snapshot = db.snapshot()
  await db.clear({ gte: key(1), lt: key(3) })
  await db.flush()
  snapshot.close()
  await db.del(key(4))
  const range = { gte: key(2) }
  const [table] = fs.list(samplePath).filter((name) => name.endsWith('.sst'))
  assert.deepEqual(dumped(fs, table, { range }), [
    'file',
    'properties',
    'block',
    'put #3 k2 v2',
    'put #4 k3 v3',
    'put #5 k4 v4',
    'range delete #6 k1 k3',
  ])
  assert.deepEqual(dumped(fs, table, { range, outline: true }).slice(0, 3), [
    'file',
    'properties',
    'block',
  ])
  const logs = fs.list(samplePath).filter((name) => name.endsWith('.log'))
  const lines = logs.flatMap((log) => dumped(fs, log, { range }))
  assert.ok(lines.includes('delete #7 k4 '), 'beside a living owner')
  assert.deepEqual(dumped(fs, 'CURRENT'), ['file', 'current'])
  await db.close()
})

test('a file is known by what it holds', async () => {
  const { fs } = await sampleDatabase(11)
  const [table] = fs.list(samplePath).filter((name) => name.endsWith('.sst'))
  replaceBytes(fs, 'copy.of.a.table', readBytes(fs, table))
  assert.deepEqual(dumped(fs, 'copy.of.a.table'), dumped(fs, table))
  replaceBytes(fs, 'notes.txt', Buffer.from('mine'))
  assert.throws(() => dumped(fs, 'notes.txt'), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => dumped(fs, '000777.sst'), { code: 'IO' })
})
