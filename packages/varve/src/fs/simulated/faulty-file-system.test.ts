import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyFileSystem, type Fault, type FileOperation } from './faulty-file-system.js'
import { MemoryFileSystem } from './memory-file-system.js'

function newFileSystem(
  faultFor?: (operation: FileOperation) => Fault | undefined,
): FaultyFileSystem {
  const memory = new MemoryFileSystem()
  memory.makeDirectory('/d')
  return new FaultyFileSystem(memory, faultFor)
}

test('counts and records operations', async () => {
  const fs = newFileSystem()
  fs.exists('/d')
  fs.isRecording = true
  const file = fs.create('/d/a')
  file.append(Buffer.from('abc'), 0, 3)
  await file.syncAsync()
  file.close()
  fs.rename('/d/a', '/d/b')
  assert.equal(fs.operationCount, 6)
  assert.deepEqual(fs.trace, [
    { kind: 'create', path: '/d/a', index: 1 },
    { kind: 'append', path: '/d/a', bytes: 3, index: 2 },
    { kind: 'sync', path: '/d/a', index: 3 },
    { kind: 'close', path: '/d/a', index: 4 },
    { kind: 'rename', path: '/d/a', to: '/d/b', index: 5 },
  ])
})

test('a failed operation throws the system code and does not happen', () => {
  const fs = newFileSystem(({ kind }) => (kind === 'create' ? { systemCode: 'ENOSPC' } : undefined))
  assert.throws(() => fs.create('/d/a'), { code: 'IO', systemCode: 'ENOSPC' })
  assert.equal(fs.exists('/d/a'), false)
})

test('a short write leaves bytes after the size, and truncate removes them', () => {
  const fs = newFileSystem()
  const file = fs.create('/d/a')
  file.append(Buffer.from('good'), 0, 4)
  fs.faultFor = () => ({ systemCode: 'ENOSPC', shortWriteBytes: 2 })
  assert.throws(() => file.append(Buffer.from('--bad'), 2, 5), { systemCode: 'ENOSPC' })
  fs.faultFor = () => undefined
  assert.equal(file.sizeBytes, 4)
  const reader = fs.openForRead('/d/a')
  assert.equal(reader.sizeBytes(), 6)
  assert.throws(() => file.append(Buffer.from('x'), 0, 1), /invariant broken/)
  file.truncate(4)
  file.append(Buffer.from('!'), 0, 1)
  assert.equal(reader.sizeBytes(), 5)
})

test('a second sync after a failed one is a programmer error', async () => {
  const fs = newFileSystem(({ kind }) => (kind === 'sync' ? { systemCode: 'EIO' } : undefined))
  const file = fs.create('/d/a')
  await assert.rejects(file.syncAsync(), { systemCode: 'EIO' })
  assert.throws(() => file.sync(), /invariant broken/)
})
