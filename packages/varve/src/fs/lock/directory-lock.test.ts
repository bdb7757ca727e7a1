import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock, type Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { acquireDirectoryLock } from './directory-lock.js'
import { FaultyFileSystem } from '../simulated/faulty-file-system.js'
import type { FileSystem } from '../file-system.js'
import type { LockOwner, ProcessIdentity } from './lock-owner.js'
import { MemoryFileSystem } from '../simulated/memory-file-system.js'
import { nodeFileSystem } from '../node-file-system.js'
import { nodeLockOwner } from './node-process-identity.js'

/** Files in memory that processes of a test's own making share. */
class SharedMemory extends MemoryFileSystem {
  override readonly sharedWithThreads: boolean = true
}

/** Processes that live and die as the test says. */
class Machine {
  readonly memory = new SharedMemory()
  private readonly living = new Set<number>()
  private tokens = 0
  readonly clock: Clock = {
    ...systemClock,
    sleepSync: () => {},
    uniqueToken: () => String(this.tokens++).padStart(4, '0'),
  }

  constructor() {
    this.memory.makeDirectory('/d')
  }

  start(pid: number): LockOwner {
    this.living.add(pid)
    const identity: ProcessIdentity = {
      pid,
      startTime: '1',
      bootId: 'boot',
      pidNamespace: 'all',
      hostname: 'host',
      threadId: 0,
    }
    return { identity, isAlive: (other) => this.living.has(other.pid) }
  }

  kill(pid: number): void {
    this.living.delete(pid)
  }

  /** Leaves a LOCK of a process that is no more. */
  leaveStaleLock(): void {
    const fs = new FaultyFileSystem(this.memory)
    acquireDirectoryLock(fs, '/d', this.clock, this.start(1))
    this.kill(1)
  }
}

function machineWithOwner() {
  const machine = new Machine()
  return { memory: machine.memory, clock: machine.clock, owner: machine.start(2) }
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'varve-lock-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

function writeFile(fs: FileSystem, path: string, text: string): void {
  const file = fs.create(path)
  file.append(Buffer.from(text), 0, text.length)
  file.close()
}

const acquire = (directory: string) =>
  acquireDirectoryLock(nodeFileSystem, directory, systemClock, nodeLockOwner)

test('a second owner in the same thread is refused under every path', (t) => {
  const directory = temporaryDirectory(t)
  nodeFileSystem.makeDirectory(join(directory, 'db'))
  symlinkSync(join(directory, 'db'), join(directory, 'link'))
  const lock = acquire(join(directory, 'db'))
  assert.throws(
    () => acquire(join(directory, 'link')),
    (error) => {
      assert.ok(error instanceof VarveError)
      assert.equal(error.code, 'LOCKED')
      assert.equal(error.path, nodeFileSystem.realPath(join(directory, 'db')))
      assert.equal(error.ownerPid, process.pid)
      assert.match(error.message, /already open in this process since \d{4}-.*close it first/)
      return true
    },
  )
  lock.release()
  assert.deepEqual(nodeFileSystem.list(join(directory, 'db')), [])
  acquire(join(directory, 'link')).release()
  assert.throws(() => lock.release(), /invariant broken/)
})

test('LOCK alone refuses a process that shares no memory with the owner', (t) => {
  const directory = temporaryDirectory(t)
  const lock = acquire(directory)
  const elsewhere = new FaultyFileSystem(nodeFileSystem)
  const acquireElsewhere = () =>
    acquireDirectoryLock(elsewhere, directory, systemClock, nodeLockOwner)
  assert.throws(acquireElsewhere, { code: 'LOCKED', ownerPid: process.pid })
  assert.deepEqual(nodeFileSystem.list(directory), ['LOCK'])
  lock.release()
  acquireElsewhere().release()
})

test('a LOCK and claims without a record have no living owner', () => {
  for (const text of ['', 'garbage', '{"pid":-1}', 'null', `{"pid":${process.pid}}`]) {
    const { memory, clock, owner } = machineWithOwner()
    writeFile(memory, '/d/LOCK', text)
    writeFile(memory, '/d/LOCK.aa', text)
    writeFile(memory, '/d/LOCK.bb.new', text)
    const lock = acquireDirectoryLock(memory, '/d', clock, owner)
    assert.deepEqual(memory.list('/d'), ['LOCK'])
    lock.release()
    assert.deepEqual(memory.list('/d'), [])
  }
})

test('in a private file system a lock left by a power loss or a kill is free', () => {
  const fs = new MemoryFileSystem()
  fs.makeDirectory('/d')
  acquireDirectoryLock(fs, '/d', systemClock, nodeLockOwner)
  const after = fs.processCrashClone()
  assert.deepEqual(after.list('/d'), ['LOCK'])
  acquireDirectoryLock(after, '/d', systemClock, nodeLockOwner).release()
})

test('release leaves a LOCK that belongs to another owner', () => {
  const { memory, clock, owner } = machineWithOwner()
  const lock = acquireDirectoryLock(memory, '/d', clock, owner)
  memory.remove('/d/LOCK')
  writeFile(memory, '/d/LOCK', 'of another owner')
  lock.release()
  assert.ok(memory.exists('/d/LOCK'))
})

test('a living claim makes others wait, and then fail', () => {
  const machine = new Machine()
  machine.leaveStaleLock()
  const record = { ...machine.start(3).identity, token: 'zz', sinceMs: 0 }
  writeFile(machine.memory, '/d/LOCK.zz', JSON.stringify(record))
  assert.throws(
    () => acquireDirectoryLock(machine.memory, '/d', machine.clock, machine.start(2)),
    /several processes are trying to lock/,
  )
  machine.kill(3)
  acquireDirectoryLock(machine.memory, '/d', machine.clock, machine.start(2))
  assert.deepEqual(machine.memory.list('/d'), ['LOCK'])
})

test('a failed file operation leaves no claim and an unchanged lock', () => {
  for (const isStale of [false, true]) {
    for (let failing = 0, wasLast = false; !wasLast; failing++) {
      const machine = new Machine()
      if (isStale) machine.leaveStaleLock()
      const before = machine.memory.list('/d')
      // The only exception is a claim that cannot be removed. It expires with its process.
      const fs = new FaultyFileSystem(machine.memory, ({ index, kind }) =>
        index === failing && kind !== 'remove' ? { systemCode: 'EIO' } : undefined,
      )
      let wasAcquired = false
      try {
        acquireDirectoryLock(fs, '/d', machine.clock, machine.start(2))
        wasAcquired = true
      } catch (error) {
        assert.equal((error as VarveError).systemCode, 'EIO')
      }
      assert.deepEqual(machine.memory.list('/d'), wasAcquired ? ['LOCK'] : before)
      wasLast = fs.operationCount < failing
    }
  }
})

/**
 * Stops one process before each of its file operations and lets others run there, which are stopped
 * in turn: every nested schedule of three processes, one of which may die where it stands.
 */
test('with any interleaving there is exactly one owner', () => {
  for (const isStale of [false, true]) {
    for (const deadly of [false, true]) {
      let schedules = 0
      for (let first = 0; runsTo(first, 0, isStale, deadly); first++) {
        for (let second = 0; runsTo(first, second, isStale, deadly); second++) schedules++
      }
      assert.ok(schedules > 30, `${schedules} schedules`)
    }
  }
})

/** False when the first or second process did not have that many operations. */
function runsTo(first: number, second: number, isStale: boolean, deadly: boolean): boolean {
  const machine = new Machine()
  if (isStale) machine.leaveStaleLock()
  const owners = new Set<number>()
  class Death extends Error {}

  function run(pid: number, stopAt: number, atStop: () => void): boolean {
    const owner = machine.start(pid)
    let sleeps = 0
    const sleepSync = (): void => {
      // It waits for a process that is stopped until this one ends. Enough rounds have run.
      if (++sleeps === 3) throw new VarveError('LOCKED', 'gave up')
    }
    let wasStopped = false
    const fs = new FaultyFileSystem(machine.memory, ({ index }) => {
      if (index === stopAt) {
        wasStopped = true
        atStop()
      }
      if (!owner.isAlive(owner.identity)) throw new Death()
      return undefined
    })
    try {
      acquireDirectoryLock(fs, '/d', { ...machine.clock, sleepSync }, owner)
      if (owner.isAlive(owner.identity)) owners.add(pid)
    } catch (error) {
      const isExpected = error instanceof VarveError && error.code === 'LOCKED'
      if (!isExpected && !(error instanceof Death)) throw error
    }
    return wasStopped
  }

  let secondStopped = false
  const firstStopped = run(2, first, () => {
    secondStopped = run(3, second, () => {
      run(4, -1, () => {})
      if (deadly) machine.kill(3)
    })
  })
  assert.ok(owners.size <= 1, `owners ${[...owners].join()} at ${first}, ${second}`)
  if (owners.size === 0) run(5, -1, () => {})
  assert.equal(owners.size, 1, `no process could own it at ${first}, ${second}`)
  return firstStopped && secondStopped
}

test('of racing processes exactly one owns the lock at any time', async (t) => {
  const directory = temporaryDirectory(t)
  const racer = fileURLToPath(new URL('../testing/lock-racer.js', import.meta.url))
  // The first process leaves a stale lock to compete for; half of the others leave one too.
  writeFile(nodeFileSystem, join(directory, 'LOCK'), 'of no process')
  const racers = Array.from({ length: 12 }, (_, i) =>
    spawn(process.execPath, [racer, directory, i % 2 === 0 ? 'die' : 'release']),
  )
  let ready = 0
  const outcomes = racers.map(
    (child) =>
      new Promise<string>((settle) => {
        let output = ''
        child.stderr.on('data', (text) => (output += String(text)))
        child.stdout.on('data', (text) => {
          output += String(text)
          if (String(text).startsWith('ready') && ++ready === racers.length) {
            writeFile(nodeFileSystem, join(directory, 'go'), '')
          }
        })
        child.on('close', (code, signal) => settle(`${output}${code ?? signal}`))
      }),
  )
  for (const [i, outcome] of (await Promise.all(outcomes)).entries()) {
    assert.equal(outcome, `ready\nwon\n${i % 2 === 0 ? 'SIGKILL' : 0}`)
  }
})

test('a process is not mistaken for a later one with the same id', () => {
  const { identity } = nodeLockOwner
  const isAlive = (other: ProcessIdentity) => nodeLockOwner.isAlive(other)
  assert.equal(isAlive(identity), true)
  assert.equal(isAlive({ ...identity, threadId: 7 }), true)
  assert.equal(isAlive({ ...identity, pid: 2 ** 22 + 1 }), false)
  if (process.platform !== 'linux') return
  assert.equal(isAlive({ ...identity, startTime: '1' }), false)
  assert.equal(isAlive({ ...identity, bootId: 'another' }), false)
  assert.equal(isAlive({ ...identity, pidNamespace: 'another' }), false)
  // Unknown values do not make an owner a different process.
  const unknown = { bootId: '', pidNamespace: '', startTime: '' }
  assert.equal(isAlive({ ...identity, ...unknown }), true)
  assert.equal(isAlive({ ...identity, ...unknown, pid: 2 ** 22 + 1 }), false)
})
