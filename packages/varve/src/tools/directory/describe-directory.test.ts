import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyFileSystem } from '../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { openBinary } from '../../testing/harness/comparison.js'
import { replaceBytes, samplePath, tinyOptions } from '../../testing/harness/sample-database.js'
import { describeDirectory } from './describe-directory.js'

test('a directory shows its owner and its files', async () => {
  const fs = new MemoryFileSystem()
  const db = await openBinary(samplePath, { ...tinyOptions, fileSystem: fs })
  await db.put(Buffer.from('a'), Buffer.from('1'))
  await db.flush()
  replaceBytes(fs, '000999.sst.tmp', Buffer.alloc(7))
  replaceBytes(fs, 'notes.txt', Buffer.alloc(7))
  const { path, owner, files } = await describeDirectory(samplePath, { fileSystem: fs })
  assert.deepEqual([path, owner?.pid], [samplePath, process.pid])
  assert.deepEqual([files.tables.count, files.logs.count, files.manifests.count], [1, 1, 1])
  assert.equal(files.tables.sizeBytes, db.stats().tables.sizeBytes)
  assert.deepEqual(files.temporary, { count: 1, sizeBytes: 7 })
  await db.close()
  assert.equal((await describeDirectory(samplePath, { fileSystem: fs })).owner, undefined)
})

test('files that go while they are counted are left out', async () => {
  const memory = new MemoryFileSystem()
  memory.makeDirectory(samplePath)
  replaceBytes(memory, '000001.sst', Buffer.alloc(7))
  replaceBytes(memory, '000002.sst', Buffer.alloc(7))
  const fs = new FaultyFileSystem(memory, ({ kind }) => {
    if (kind === 'list') return undefined
    if (memory.exists(`${samplePath}/000001.sst`)) memory.remove(`${samplePath}/000001.sst`)
    return undefined
  })
  const listing = Object.assign(fs, { list: () => ['000001.sst', '000002.sst'] })
  const { files } = await describeDirectory(samplePath, { fileSystem: listing })
  assert.deepEqual(files.tables, { count: 1, sizeBytes: 7 })
  await assert.rejects(describeDirectory('/nowhere', { fileSystem: memory }), { code: 'IO' })
})
