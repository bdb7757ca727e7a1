import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { destroy, open } from '../../../index.js'
import {
  backup,
  describeDirectory,
  dump,
  listBackups,
  restoreBackup,
  verify,
} from '../../../tools/index.js'

test('every function that takes a directory accepts a file: URL', async () => {
  const fileSystem = new MemoryFileSystem()
  const options = { fileSystem, background: 'inline' } as const
  const url = (path: string): URL => pathToFileURL(path)
  const spaced = url('/a database')
  {
    await using db = await open(spaced, options)
    assert.equal(db.path, '/a database')
    await db.put('k', 'v')
    await db.checkpoint(url('/copy'))
    await db.backup(url('/backups'))
  }
  await using copy = await open('/copy', options)
  assert.equal(await copy.get('k'), 'v')
  assert.ok((await verify(spaced, { fileSystem })).isSound)
  assert.ok((await describeDirectory(spaced, { fileSystem })).files.tables.count >= 0)
  assert.ok([...dump(spaced, 'CURRENT', { fileSystem })].length > 0)
  await backup(spaced, url('/backups'), { fileSystem })
  assert.equal((await listBackups(url('/backups'), { fileSystem })).length, 2)
  await restoreBackup(url('/backups'), url('/restored'), { fileSystem })
  await using restored = await open(url('/restored'), options)
  assert.equal(await restored.get('k'), 'v')
  await destroy(spaced, { fileSystem })
  assert.ok(!fileSystem.exists('/a database/CURRENT'))
})

test('other URLs and values that are not paths are refused', async () => {
  const refused = { code: 'INVALID_ARGUMENT' }
  for (const path of [new URL('https://example.com/db'), new URL('file://host/db'), '', 7, null]) {
    await assert.rejects(open(path as never), refused, String(path))
    await assert.rejects(destroy(path as never), refused, String(path))
    await assert.rejects(verify(path as never), refused, String(path))
  }
})
