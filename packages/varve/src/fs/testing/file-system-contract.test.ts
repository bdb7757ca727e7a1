import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FileSystem } from '../file-system.js'
import { nodeFileSystem } from '../node-file-system.js'
import { FaultyFileSystem } from '../simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../simulated/memory-file-system.js'
import { type FileSystemSubject, testFileSystemContract } from './file-system-contract.js'

testFileSystemContract('NodeFileSystem', () => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-fs-'))
  const dispose = () => rmSync(directory, { recursive: true })
  return { fs: nodeFileSystem, directory, dispose }
})
testFileSystemContract('MemoryFileSystem', () => inMemory((memory) => memory))
testFileSystemContract('FaultyFileSystem', () => inMemory((memory) => new FaultyFileSystem(memory)))

function inMemory(wrap: (memory: MemoryFileSystem) => FileSystem): FileSystemSubject {
  const memory = new MemoryFileSystem()
  memory.makeDirectory('/data')
  return { fs: wrap(memory), directory: '/data', dispose: () => {} }
}

test('NodeFileSystem resolves symbolic links', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-fs-'))
  t.after(() => rmSync(directory, { recursive: true }))
  nodeFileSystem.makeDirectory(join(directory, 'real'))
  symlinkSync(join(directory, 'real'), join(directory, 'link'))
  const realPath = nodeFileSystem.realPath(join(directory, 'real'))
  assert.equal(nodeFileSystem.realPath(join(directory, 'link')), realPath)
})
