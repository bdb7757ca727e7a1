import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { type Database, open } from '../../index.js'
import { dump, type DumpItem } from '../../tools/index.js'
import { LogPurpose } from '../../log/log-format.js'
import { LogReader } from '../../log/log-reader.js'
import { VirtualClock } from '../kit/virtual-clock.js'

type Texts = Database<string, string>

/** Tags of the MANIFEST that versions without keyspaces know: see docs/formats/manifest.md. */
const tagsOfKeyspaces = [7, 8, 11]

async function filesAfter(
  work: (db: Texts) => Promise<void>,
): Promise<{ fileSystem: MemoryFileSystem; files: Record<string, string> }> {
  const fileSystem = new MemoryFileSystem()
  const clock = new VirtualClock()
  const db = await open('/db', { fileSystem, clock, background: 'inline' })
  await work(db)
  await db.flush()
  await work(db)
  await db.close()
  const files: Record<string, string> = {}
  for (const name of fileSystem.list('/db').sort()) {
    if (name.startsWith('LOCK')) continue
    files[name] = Buffer.from(contentOf(fileSystem, `/db/${name}`)).toString('hex')
  }
  return { fileSystem, files }
}

function contentOf(fileSystem: MemoryFileSystem, path: string): Uint8Array {
  const file = fileSystem.openForRead(path)
  const bytes = new Uint8Array(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

const entries = Array.from({ length: 20 }, (_, i): [string, string] => [`key ${i}`, `value ${i}`])

test('a transaction writes the same bytes as a batch', async () => {
  const batch = await filesAfter((db) =>
    db.batch(entries.map(([key, value]) => ({ type: 'put', key, value }))),
  )
  const transaction = await filesAfter((db) =>
    db.transaction(async (tx) => {
      for (const [key, value] of entries) await tx.put(key, value)
    }),
  )
  assert.deepEqual(transaction.files, batch.files)
})

test('a database without keyspaces has no bytes that older versions refuse', async () => {
  const { fileSystem, files } = await filesAfter(async (db) => {
    for (const [key, value] of entries) await db.put(key, value)
    await db.clear({ prefix: 'key 1' })
  })
  assert.deepEqual(manifestTags(fileSystem, files).filter(isOfKeyspaces), [])
  const operations = Object.keys(files)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => [...dump('/db', name, { fileSystem })] as DumpItem[])
  assert.ok(operations.length > 20)
  for (const item of operations) if ('keyspace' in item) assert.equal(item.keyspace, 0)

  const other = await filesAfter(async (db) => {
    await db.keyspace('users')
  })
  assert.ok(manifestTags(other.fileSystem, other.files).some(isOfKeyspaces), 'the check can fail')
})

function isOfKeyspaces(tag: number): boolean {
  return tagsOfKeyspaces.includes(tag)
}

/** The tags of all edits. An edit is a list of fields: tag, length, content. */
function manifestTags(fileSystem: MemoryFileSystem, files: Record<string, string>): number[] {
  const name = Object.keys(files).find((one) => one.startsWith('MANIFEST'))!
  const number = Number(name.slice(name.indexOf('-') + 1))
  const reader = LogReader.open(fileSystem, `/db/${name}`, LogPurpose.manifest, number)
  const tags: number[] = []
  for (let edit = reader.next(); edit !== undefined; edit = reader.next()) {
    for (let at = 0; at < edit.length;) {
      const [tag, afterTag] = varintAt(edit, at)
      const [length, afterLength] = varintAt(edit, afterTag)
      tags.push(tag)
      at = afterLength + length
    }
  }
  reader.close()
  assert.ok(tags.length > 5)
  return tags
}

function varintAt(bytes: Uint8Array, start: number): [number, number] {
  let value = 0
  let at = start
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++]
    value += (byte & 127) * factor
    if (byte < 128) return [value, at]
  }
}
