import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyBytes } from '../base/bytes/bytes.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { inputEntry } from '../testing/kit/input-entry.js'
import { TableWriter } from './table-writer.js'
import { openTable, plainOptions, type ModelEntry } from './testing/random-table.js'

function add(writer: TableWriter, name: string, sequence: number, kind = 1, value = 'v'): void {
  const key = Buffer.from(name)
  writer.add(inputEntry({ key, sequence, kind, value: Buffer.from(value) }))
}

test('refuses entries out of order and continues without them', () => {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), plainOptions, 10)
  const refused = { code: 'INVALID_ARGUMENT' }
  assert.throws(() => add(writer, 'm', 9), refused)
  add(writer, 'm', 20)
  assert.throws(() => add(writer, 'l', 21), refused)
  assert.throws(() => add(writer, 'm', 20), refused)
  assert.throws(() => add(writer, 'm', 21), refused)
  assert.throws(() => add(writer, 'n', 21, 2), refused)
  add(writer, 'm', 19)
  add(writer, 'ma', 30)
  const a = Buffer.from('a')
  const b = Buffer.from('b')
  writer.addRangeTombstone(b, null, 15)
  assert.throws(() => writer.addRangeTombstone(a, b, 15), refused)
  assert.throws(() => writer.addRangeTombstone(b, b, 15), refused)
  assert.throws(() => writer.addRangeTombstone(b, null, 9), refused)
  const summary = writer.finish()
  assert.deepEqual([summary.entryCount, summary.rangeDeleteCount, summary.minSequence], [3, 1, 15])
  const reader = openTable(fs, '/t')
  reader.verify()
  reader.close()
})

test('a large entry gets its own block', () => {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), { ...plainOptions, filterBitsPerKey: 0 }, 0)
  add(writer, 'a', 1)
  add(writer, 'b', 1, 1, 'x'.repeat(2_000_000))
  add(writer, 'c', 1)
  assert.ok(writer.sizeBytes > 2_000_000)
  writer.finish()
  const reader = openTable(fs, '/t')
  assert.equal(reader.properties.dataBlockCount, 3)
  reader.verify()
  reader.close()
})

test('abandoning closes the file, finished or not', () => {
  const fs = new MemoryFileSystem()
  const file = fs.create('/t')
  const writer = new TableWriter(file, plainOptions, 0)
  add(writer, 'a', 1)
  writer.abandon()
  assert.throws(() => file.sync())
  const finished = new TableWriter(fs.create('/u'), plainOptions, 0)
  add(finished, 'a', 1)
  finished.finish()
  finished.abandon()
})

test('counts entries hidden by newer ones in the table', () => {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), { ...plainOptions, blockBytes: 1 }, 0)
  add(writer, 'a', 9)
  add(writer, 'a', 4, 0, '')
  add(writer, 'a', 3)
  add(writer, 'b', 5)
  writer.add(inputEntry({ key: Buffer.from('c'), sequence: 2, kind: 1, value: emptyBytes }), 8)
  writer.add(inputEntry({ key: Buffer.from('d'), sequence: 8, kind: 1, value: emptyBytes }), 7)
  writer.addRangeTombstone(Buffer.from('c'), Buffer.from('e'), 8)
  const summary = writer.finish()
  const expected = {
    shadowedCount: 3,
    shadowedBytes: 4,
    oldestShadowed: 2,
    newestShadowing: 9,
  }
  const reader = openTable(fs, '/t')
  for (const table of [summary, reader.properties]) {
    const { shadowedCount, shadowedBytes, oldestShadowed, newestShadowing } = table
    assert.deepEqual({ shadowedCount, shadowedBytes, oldestShadowed, newestShadowing }, expected)
  }
  reader.verify()
  reader.close()
})

/** Bytes that were written once must stay readable for ever: this text never changes. */
const versionOne =
  'VmFydmVUYmwBAAAAAAAAAAEFA8gBYXBwbGVyZWQABQAAYXBwbGUBBgABYmFuYW5hu7sOAAANABYAAwAAAAD4qPg8AQY0' +
  'AmNoZXJyeWRhcmsgcmVkLCBhbmQgYSB2YWx1ZSB0aGF0IGlzIGxvbmdlciB0aGFuIHRoZSBvdGhlcnPhAAABAAAAAPhe' +
  'kZsBBAUDZGF0ZWJyb3duAwAAAQAAAADMN4wBAAAACBAAEBAAAAAAAAAAACAAIAACQABAAAAAAAEAAKBAAAAAAAAEAACA' +
  'AAAAEAIAAAgAAAgAhgAAEAAAAAAIAAYAKF4Z9AFiAmOQAwF4AGUADA+07QFjEDIBZEJKBGRhdGWMARkAMmDEeQxiYXNl' +
  'U2VxdWVuY2UBZAVjb2RlYwRub25lDmRhdGFCbG9ja0NvdW50AQMLZGVsZXRlQ291bnQBAQplbnRyeUNvdW50AQUQZmls' +
  'dGVyQml0c1BlcktleQEKCGtleUJ5dGVzARoLbWF4U2VxdWVuY2UCkAMLbWluU2VxdWVuY2UBZAtyYW5nZS5zdGFydAVh' +
  'cHBsZRByYW5nZURlbGV0ZUNvdW50AQIHdXNlci5ieQR0ZXN0CnZhbHVlQnl0ZXMBPAATRgUupQAAAAAAAABGAAAA6wAA' +
  'AAAAAAAPAAAA+gAAAAAAAAAVAAAADwEAAAAAAADFAAAA5VQg1AEAAABWYXJ2ZVRibA=='

test('the bytes of format version 1 stay readable', () => {
  const fs = new MemoryFileSystem()
  const file = fs.create('/t')
  const bytes = Buffer.from(versionOne, 'base64')
  file.append(bytes, 0, bytes.length)
  file.close()
  const reader = openTable(fs, '/t')
  const { entryCount, shadowedCount } = reader.properties
  assert.deepEqual([entryCount, shadowedCount], [5, 0], 'not counted yet')
  reader.verify()
  reader.close()
})

/** As above, with what is known of shadowed entries. */
const versionOneShadowed =
  'VmFydmVUYmwBAAAAAAAAAAEFA8gBYXBwbGVyZWQABQAAYXBwbGUBBgABYmFuYW5hu7sOAAANABYAAwAAAAD4qPg8AQY0' +
  'AmNoZXJyeWRhcmsgcmVkLCBhbmQgYSB2YWx1ZSB0aGF0IGlzIGxvbmdlciB0aGFuIHRoZSBvdGhlcnPhAAABAAAAAPhe' +
  'kZsBBAUDZGF0ZWJyb3duAwAAAQAAAADMN4wBAAAACBAAEBAAAAAAAAAAACAAIAACQABAAAAAAAEAAKBAAAAAAAAEAACA' +
  'AAAAEAIAAAgAAAgAhgAAEAAAAAAIAAYAKF4Z9AFiAmOQAwF4AGUADA+07QFjEDIBZEJKBGRhdGWMARkAMmDEeQxiYXNl' +
  'U2VxdWVuY2UBZAVjb2RlYwRub25lDmRhdGFCbG9ja0NvdW50AQMLZGVsZXRlQ291bnQBAQplbnRyeUNvdW50AQUQZmls' +
  'dGVyQml0c1BlcktleQEKCGtleUJ5dGVzARoLbWF4U2VxdWVuY2UCkAMLbWluU2VxdWVuY2UBZA9uZXdlc3RTaGFkb3dp' +
  'bmcCrAIOb2xkZXN0U2hhZG93ZWQBZAtyYW5nZS5zdGFydAVhcHBsZRByYW5nZURlbGV0ZUNvdW50AQINc2hhZG93ZWRC' +
  'eXRlcwEFDXNoYWRvd2VkQ291bnQBAQd1c2VyLmJ5BHRlc3QKdmFsdWVCeXRlcwE8AL7yqqalAAAAAAAAAEYAAADrAAAA' +
  'AAAAAA8AAAD6AAAAAAAAABUAAAAPAQAAAAAAAAkBAABsb3npAQAAAFZhcnZlVGJs'

test('the bytes of format version 1 with shadowed entries do not change', () => {
  const fs = new MemoryFileSystem()
  const options = { ...plainOptions, blockBytes: 64 }
  const writer = new TableWriter(fs.create('/t'), options, 100)
  const entries: ModelEntry[] = [
    ['apple', 300, 1, 'red'],
    ['apple', 100, 0, ''],
    ['banana', 101, 1, ''],
    ['cherry', 102, 1, 'dark red, and a value that is longer than the others'],
    ['date', 103, 1, 'brown'],
  ].map(([key, sequence, kind, value]) => ({
    key: Buffer.from(String(key)),
    sequence: Number(sequence),
    kind: Number(kind),
    value: Buffer.from(String(value)),
  }))
  for (const entry of entries) writer.add(inputEntry(entry))
  writer.addRangeTombstone(Buffer.from('b'), Buffer.from('c'), 400)
  writer.addRangeTombstone(Buffer.from('x'), null, 99 + 2)
  const bytes = Buffer.alloc(writer.finish(new Map([['by', Buffer.from('test')]])).sizeBytes)
  fs.openForRead('/t').read(bytes, 0, bytes.length, 0)
  assert.equal(bytes.toString('base64'), versionOneShadowed)
})
