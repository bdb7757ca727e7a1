import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import type { CrashFate } from './crash-fate.js'
import type { FileSystem } from '../file-system.js'
import { MemoryFileSystem } from './memory-file-system.js'
import { seeds } from '../../base/testing/seed.js'

function fate(unsynced: CrashFate['unsynced'], seed = 1): CrashFate {
  return { unsynced, prng: new Prng(seed), sectorBytes: 4 }
}

function newFileSystem(): MemoryFileSystem {
  const fs = new MemoryFileSystem()
  fs.makeDirectory('/d')
  return fs
}

function append(fs: FileSystem, path: string, text: string, sync: boolean): void {
  const file = fs.exists(path) ? fs.openForAppend(path) : fs.create(path)
  file.append(Buffer.from(text), 0, text.length)
  if (sync) file.sync()
  file.close()
}

function read(fs: FileSystem, path: string): string {
  const file = fs.openForRead(path)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes.toString('latin1')
}

/** Every outcome of many crashes of one file system. */
function outcomes(fs: MemoryFileSystem, kind: CrashFate['unsynced']): Set<string> {
  const seen = new Set<string>()
  for (const seed of seeds(300, 0)) {
    const crashed = fs.crashClone(fate(kind, seed))
    const names = crashed.list('/d').sort()
    seen.add(names.map((name) => `${name}=${read(crashed, `/d/${name}`)}`).join(' '))
  }
  return seen
}

test('a power loss keeps synced bytes under synced names', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'safe', true)
  fs.syncDirectory('/d')
  append(fs, '/d/a', 'lost', false)
  assert.deepEqual(outcomes(fs, 'none'), new Set(['a=safe']))
  assert.deepEqual(outcomes(fs, 'all'), new Set(['a=safelost']))
})

test('a synced file whose name was not synced is gone', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'safe', true)
  assert.deepEqual(outcomes(fs, 'none'), new Set(['']))
})

test('a synced name of a file that was not synced is an empty file', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'lost', false)
  fs.syncDirectory('/d')
  assert.deepEqual(outcomes(fs, 'none'), new Set(['a=']))
})

test('a power loss undoes an unsynced truncate and removal', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'whole', true)
  append(fs, '/d/b', 'kept', true)
  fs.syncDirectory('/d')
  const file = fs.openForAppend('/d/a')
  file.truncate(1)
  file.close()
  fs.remove('/d/b')
  assert.deepEqual(outcomes(fs, 'none'), new Set(['a=whole b=kept']))
  assert.deepEqual(outcomes(fs, 'all'), new Set(['a=w']))
})

test('an unsynced rename leaves the old name or the new one, never both or none', () => {
  const fs = newFileSystem()
  append(fs, '/d/old', 'x', true)
  fs.syncDirectory('/d')
  fs.rename('/d/old', '/d/new')
  assert.deepEqual(outcomes(fs, 'none'), new Set(['old=x']))
  assert.deepEqual(outcomes(fs, 'random'), new Set(['old=x', 'new=x']))
  fs.syncDirectory('/d')
  assert.deepEqual(outcomes(fs, 'none'), new Set(['new=x']))
})

test('a replaced file is there until the rename is synced', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'old', true)
  append(fs, '/d/t', 'new', true)
  fs.syncDirectory('/d')
  fs.rename('/d/t', '/d/a')
  assert.deepEqual(outcomes(fs, 'random'), new Set(['a=old t=new', 'a=new']))
})

test('random: unsynced writes survive in any subset, with zeros in the holes', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', '', true)
  fs.syncDirectory('/d')
  append(fs, '/d/a', 'AAAA', false)
  append(fs, '/d/a', 'BBBB', false)
  const zeroes = '\0\0\0\0'
  assert.deepEqual(
    outcomes(fs, 'random'),
    new Set([
      'a=',
      'a=AAAA',
      'a=AAAABBBB',
      `a=${zeroes}`,
      `a=${zeroes}BBBB`,
      `a=AAAA${zeroes}`,
      `a=${zeroes}${zeroes}`,
    ]),
  )
})

test('torn: a prefix of the writes survives, the last one cut at a sector', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'ab', true)
  fs.syncDirectory('/d')
  append(fs, '/d/a', 'cde', false)
  append(fs, '/d/a', 'fghijklmn', false)
  assert.deepEqual(
    outcomes(fs, 'torn'),
    new Set(['a=ab', 'a=abcd', 'a=abcde', 'a=abcdefgh', 'a=abcdefghijkl', 'a=abcdefghijklmn']),
  )
})

test('an asynchronous sync covers earlier writes, and only once it settles', async () => {
  const fs = newFileSystem()
  const file = fs.create('/d/a')
  fs.syncDirectory('/d')
  file.append(Buffer.from('one'), 0, 3)
  const syncing = file.syncAsync()
  file.append(Buffer.from('two'), 0, 3)
  assert.deepEqual(outcomes(fs, 'none'), new Set(['a=']))
  await syncing
  assert.deepEqual(outcomes(fs, 'none'), new Set(['a=one']))
  file.close()
})

test('a crash clone is durable and independent of the file system that crashed', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'one', false)
  const crashed = fs.crashClone(fate('all'))
  append(fs, '/d/a', 'two', true)
  append(crashed, '/d/a', 'three', false)
  assert.deepEqual(outcomes(crashed, 'none'), new Set(['a=one']))
  assert.equal(read(crashed, '/d/a'), 'onethree')
  assert.equal(read(fs, '/d/a'), 'onetwo')
})

test('a process crash keeps everything written, which a power loss may still lose', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'one', true)
  fs.syncDirectory('/d')
  append(fs, '/d/a', 'two', false)
  fs.rename('/d/a', '/d/b')
  const crashed = fs.processCrashClone()
  assert.deepEqual(outcomes(crashed, 'all'), new Set(['b=onetwo']))
  assert.deepEqual(outcomes(crashed, 'none'), new Set(['a=one']))
  append(crashed, '/d/b', 'three', true)
  assert.equal(read(crashed, '/d/b'), 'onetwothree')
  assert.deepEqual(outcomes(crashed, 'none'), new Set(['a=onetwothree']))
  assert.deepEqual(outcomes(fs, 'none'), new Set(['a=one']))
})

test('after a failed sync bytes are readable, and a later sync does not make them durable', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'safe', true)
  fs.syncDirectory('/d')
  append(fs, '/d/a', 'lost', false)
  fs.failSync('/d/a', fate('none'))
  append(fs, '/d/a', 'late', true)
  assert.equal(read(fs, '/d/a'), 'safelostlate')
  assert.equal(read(fs.processCrashClone(), '/d/a'), 'safelostlate')
  assert.deepEqual(outcomes(fs, 'all'), new Set(['a=safe\0\0\0\0late']))
})

test('two names of a file are two names of one file after a crash', () => {
  const fs = newFileSystem()
  append(fs, '/d/a', 'x', true)
  fs.link('/d/a', '/d/b')
  fs.syncDirectory('/d')
  for (const crashed of [fs.crashClone(fate('none')), fs.processCrashClone()]) {
    append(crashed, '/d/a', 'y', false)
    assert.equal(read(crashed, '/d/b'), 'xy')
  }
})

test('the same seed gives the same crash', () => {
  const fs = newFileSystem()
  for (let i = 0; i < 20; i++) append(fs, `/d/${i % 3}`, `content ${i}`, i % 5 === 0)
  const once = fs.crashClone(fate('random', 7))
  const again = fs.crashClone(fate('random', 7))
  assert.deepEqual(once.list('/d'), again.list('/d'))
  for (const name of once.list('/d')) {
    assert.equal(read(once, `/d/${name}`), read(again, `/d/${name}`))
  }
})
