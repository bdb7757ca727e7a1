import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { destroy, open } from '../../../index.js'

test('destroy removes the files of a database and leaves all others', async () => {
  const fileSystem = new MemoryFileSystem()
  const options = { fileSystem, background: 'inline' } as const
  const db = await open('/db', options)
  await db.put('k', 'v')
  await db.flush()
  await assert.rejects(destroy('/db', { fileSystem }), { code: 'LOCKED' })
  await db.close()
  fileSystem.create('/db/notes.txt').close()
  await destroy('/db', { fileSystem })
  assert.deepEqual(fileSystem.list('/db'), ['notes.txt'])
  await destroy('/db', { fileSystem })
  await destroy('/never', { fileSystem })
  await assert.rejects(open('/db', { ...options, createIfMissing: false }), {
    option: 'createIfMissing',
  })
  const again = await open('/db', options)
  assert.equal(await again.get('k'), undefined)
  await again.close()
})

test('destroy leaves a database of another engine alone', async () => {
  const fileSystem = new MemoryFileSystem()
  fileSystem.makeDirectory('/db')
  for (const [name, text] of [
    ['CURRENT', 'MANIFEST-000002\n'],
    ['MANIFEST-000002', '\x56\xf9\xb8\xf8\x1c\0\x01\x01\x1aleveldb.BytewiseComparator'],
    ['000003.log', ''],
  ]) {
    const file = fileSystem.create(`/db/${name}`)
    file.append(Buffer.from(text, 'latin1'), 0, text.length)
    file.close()
  }
  await assert.rejects(destroy('/db', { fileSystem }), { code: 'INVALID_ARGUMENT' })
  assert.equal(fileSystem.list('/db').length, 3)
})
