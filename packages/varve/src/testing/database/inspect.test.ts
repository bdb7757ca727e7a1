import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'

test('console.log shows a line instead of internals', async () => {
  const fileSystem = new MemoryFileSystem()
  const db = await open('/db', { fileSystem, background: 'inline', valueEncoding: 'json' })
  await db.put('k', 1)
  const shows = (what: unknown, line: string): void => {
    assert.equal(inspect(what, { breakLength: Infinity }), line)
  }
  shows(db, "Database { path: '/db', keyEncoding: 'utf8', valueEncoding: 'json', isOpen: true }")
  const view = db.withEncodings({ keyEncoding: 'binary' })
  shows(
    view,
    "Database { path: '/db', keyEncoding: 'binary', valueEncoding: 'json', isOpen: true }",
  )
  const snapshot = db.snapshot()
  shows(snapshot, 'Snapshot { sequence: 1, isOpen: true }')
  snapshot.close()
  shows(snapshot, 'Snapshot { sequence: 1, isOpen: false }')
  const cursor = db.cursor({ prefix: 'k', projection: 'keys' })
  shows(cursor, "Cursor { reverse: false, projection: 'keys', gte: 'k', lt: 'l', isOpen: true }")
  cursor.close()
  const range = db.entries({ gt: 'k', limit: 3 })
  shows(range, "EntryRange { reverse: false, limit: 3, projection: 'entries', gte: '0x6b00' }")
  const nothing = db.keys({ gt: 'z', lt: 'a' })
  shows(
    nothing,
    "EntryRange { reverse: false, limit: Infinity, projection: 'keys', range: 'empty' }",
  )
  for (const start of [Symbol.iterator, Symbol.asyncIterator] as const) {
    const walk = db.entries()[start]()
    shows(walk, "EntryIterator { projection: 'entries', isOpen: true }")
    await walk.return!()
    shows(walk, "EntryIterator { projection: 'entries', isOpen: false }")
  }
  shows({ a: { b: { c: db } } }, '{ a: { b: { c: [Database] } } }')
  await db.close()
  shows(db, "Database { path: '/db', keyEncoding: 'utf8', valueEncoding: 'json', isOpen: false }")
})
