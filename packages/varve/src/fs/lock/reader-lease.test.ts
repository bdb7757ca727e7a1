import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, type Clock } from '../../base/clock.js'
import { FaultyFileSystem } from '../simulated/faulty-file-system.js'
import type { FileSystem } from '../file-system.js'
import type { LockOwner } from './lock-owner.js'
import { MemoryFileSystem } from '../simulated/memory-file-system.js'
import { nodeLockOwner } from './node-process-identity.js'
import { filesInUse, ReaderLease, requireNoReaders } from './reader-lease.js'

/** Files in memory that processes of a test's own making share. */
class SharedMemory extends MemoryFileSystem {
  override readonly sharedWithThreads: boolean = true
}

class Machine {
  readonly memory = new SharedMemory()
  readonly dead = new Set<number>()
  private tokens = 0
  readonly clock: Clock = { ...systemClock, uniqueToken: () => `${this.tokens++}` }

  constructor() {
    this.memory.makeDirectory('/d')
  }

  owner(pid: number): LockOwner {
    const identity = { ...nodeLockOwner.identity, pid }
    return { identity, isAlive: (other) => !this.dead.has(other.pid) }
  }

  take(pid: number, fs: FileSystem = this.memory): ReaderLease {
    return ReaderLease.take(fs, '/d', this.clock, this.owner(pid))
  }

  inUse(name: string): boolean {
    return filesInUse(this.memory, '/d', this.owner(1))(name)
  }
}

function writeFile(fs: FileSystem, path: string, text: string): void {
  const file = fs.create(path)
  file.append(Buffer.from(text), 0, text.length)
  file.close()
}

test('a lease covers everything, the files it names, or nothing', () => {
  const machine = new Machine()
  assert.equal(machine.inUse('a'), false)
  const lease = machine.take(2)
  assert.equal(machine.inUse('a'), true)
  lease.narrow(['a', 'b'])
  assert.deepEqual([machine.inUse('a'), machine.inUse('c')], [true, false])
  const other = machine.take(3)
  other.narrow(['c'])
  assert.deepEqual([machine.inUse('a'), machine.inUse('c')], [true, true])
  lease.widen()
  assert.equal(machine.inUse('d'), true)
  lease.release()
  assert.deepEqual([machine.inUse('a'), machine.inUse('c')], [false, true])
  assert.throws(() => requireNoReaders(machine.memory, '/d', machine.owner(1)), {
    code: 'LOCKED',
    ownerPid: 3,
  })
  other.release()
  requireNoReaders(machine.memory, '/d', machine.owner(1))
  assert.deepEqual(machine.memory.list('/d'), [])
})

test('a lease of a dead process or damaged by a power loss covers nothing and is removed', () => {
  const machine = new Machine()
  machine.take(2)
  machine.take(3)
  writeFile(machine.memory, '/d/READER.77', '')
  writeFile(machine.memory, '/d/READER.88', '{"pid":')
  writeFile(machine.memory, '/d/READER.99.new', 'half')
  machine.dead.add(2)
  assert.equal(machine.inUse('a'), true)
  assert.deepEqual(machine.memory.list('/d'), ['READER.1'])
  machine.dead.add(3)
  assert.equal(machine.inUse('a'), false)
  assert.deepEqual(machine.memory.list('/d'), [])
})

test('a lease of a later version with unknown needs covers everything', () => {
  const machine = new Machine()
  const record = { ...nodeLockOwner.identity, pid: 2, token: 'x', sinceMs: 1 }
  writeFile(machine.memory, '/d/READER.aa', JSON.stringify({ ...record, needs: { range: 1 } }))
  assert.equal(machine.inUse('a'), true)
})

test('an owner that reads leases while one is written does not lose it', () => {
  const machine = new Machine()
  let looks = 0
  const fs = new FaultyFileSystem(machine.memory, ({ kind, path }) => {
    if (kind === 'append' || kind === 'rename') {
      looks++
      if (looks < 12) filesInUse(machine.memory, '/d', machine.owner(1))
      if (kind === 'rename' && looks < 12) assert.ok(path.endsWith('.new'))
    }
    return undefined
  })
  const lease = machine.take(2, fs)
  assert.equal(machine.inUse('a'), true)
  lease.release()
})

/**
 * Stops the reader before each of its file operations, and lets the owner drop the file from the
 * MANIFEST, read the leases and remove the file; and vice versa. `manifest` simulates the MANIFEST.
 */
test('with any interleaving no file that the reader found is removed', () => {
  const outcomes = new Set<string>()
  for (const first of ['reader', 'owner'] as const) {
    for (let at = 0; at < 30; at++) {
      const machine = new Machine()
      writeFile(machine.memory, '/d/manifest', 'file')
      writeFile(machine.memory, '/d/file', 'bytes')
      const stops: { fs?: FaultyFileSystem } = {}
      let hasRead = false
      const actors = {
        owner: (fs: FileSystem): void => {
          fs.remove('/d/manifest')
          if (!filesInUse(fs, '/d', machine.owner(1))('file')) fs.remove('/d/file')
        },
        reader: (fs: FileSystem): void => {
          const lease = machine.take(2, fs)
          hasRead = fs.exists('/d/manifest')
          lease.narrow(hasRead ? ['file'] : [])
        },
      }
      const second = first === 'reader' ? 'owner' : 'reader'
      stops.fs = new FaultyFileSystem(machine.memory, ({ index }) => {
        if (index === at) actors[second](machine.memory)
        return undefined
      })
      actors[first](stops.fs)
      if (stops.fs.operationCount <= at) actors[second](machine.memory)
      const isThere = machine.memory.exists('/d/file')
      assert.ok(isThere || !hasRead, `${first} first, stopped at ${at}`)
      outcomes.add(`${hasRead} ${isThere}`)
    }
  }
  assert.ok(outcomes.has('true true') && outcomes.has('false false'), [...outcomes].join())
})
