import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../base/clock.js'
import { open } from '../../index.js'
import { verify } from '../../tools/index.js'
import { acquireDirectoryLock } from '../../fs/lock/directory-lock.js'
import { nodeFileSystem } from '../../fs/node-file-system.js'
import { nodeLockOwner } from '../../fs/lock/node-process-identity.js'

const processes = 20
const rounds = 15

const scriptPath = (name: string): string =>
  fileURLToPath(new URL(`../../fs/testing/${name}.js`, import.meta.url))

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'varve-lock-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const acquire = (directory: string) =>
  acquireDirectoryLock(nodeFileSystem, directory, systemClock, nodeLockOwner)

/** Lock records of dead processes. */
const deadRecords = [
  { pid: 2 ** 22 + 1 },
  // The process id was reused.
  ...(process.platform === 'linux' ? [{ startTime: '1' }, { bootId: 'an earlier one' }] : []),
]

function leaveDeadLock(directory: string, round: number): void {
  const identity = { ...nodeLockOwner.identity, ...deadRecords[round % deadRecords.length] }
  const record = { ...identity, token: `dead-${round}`, sinceMs: 1 }
  writeFileSync(join(directory, 'LOCK'), JSON.stringify(record))
}

test(`${processes} processes race for a dead owner's lock: each time one gets it`, async (t) => {
  const directory = temporaryDirectory(t)
  const database = join(directory, 'db')
  mkdirSync(database)
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [scriptPath('lock-rounds'), directory, String(rounds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  t.after(() => children.forEach((child) => child.kill('SIGKILL')))
  const said = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]())
  const all = () => Promise.all(said.map(async (lines) => (await lines.next()).value as string))
  assert.deepEqual(new Set(await all()), new Set(['ready']))
  for (let round = 0; round < rounds; round++) {
    leaveDeadLock(database, round)
    writeFileSync(join(directory, `go-${round}`), '')
    const outcomes = await all()
    const winners = outcomes.filter((outcome) => outcome === 'won').length
    assert.equal(winners, 1, `round ${round}: ${outcomes.join()}`)
    assert.equal(outcomes.filter((outcome) => outcome === 'locked').length, processes - 1)
    writeFileSync(join(directory, `end-${round}`), '')
    // The winner may still be releasing its lock. The next round must start without one.
    while (readdirSync(database).length > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
})

test('worker threads of one process exclude each other and the main thread', async (t) => {
  const directory = temporaryDirectory(t)
  symlinkSync(directory, `${directory}-link`)
  t.after(() => rmSync(`${directory}-link`))
  const start = async (path: string) => {
    const worker = new Worker(scriptPath('lock-worker'), { workerData: path })
    t.after(() => worker.terminate())
    const [outcome] = (await once(worker, 'message')) as [string]
    return { worker, outcome }
  }
  const first = await start(directory)
  assert.equal(first.outcome, 'owned')
  const second = await start(`${directory}-link`)
  assert.match(second.outcome, /^LOCKED: .* is open in thread \d+ of this process since/)
  assert.throws(() => acquire(directory), { code: 'LOCKED', ownerPid: process.pid })
  first.worker.postMessage('release')
  assert.deepEqual(await once(first.worker, 'message'), ['released'])
  const lock = acquire(`${directory}-link`)
  assert.match((await start(directory)).outcome, /^LOCKED: /)
  lock.release()
})

test('a lock with a reused process id, or of an earlier boot, is taken over', (t) => {
  const directory = temporaryDirectory(t)
  for (const round of deadRecords.keys()) {
    leaveDeadLock(directory, round)
    // Some of the records carry the id of this process.
    const lock = acquire(directory)
    assert.deepEqual(readdirSync(directory), ['LOCK'])
    lock.release()
  }
})

test('an owner whose LOCK was removed leaves the files of the next owner alone', async (t) => {
  const directory = temporaryDirectory(t)
  // A second file system, because one file system recognizes its own lock without reading LOCK.
  const fileSystem = Object.create(nodeFileSystem) as typeof nodeFileSystem
  const options = { background: 'inline', memtableBytes: 32 * 1024 } as const
  const first = await open(directory, { ...options, fileSystem })
  await first.put('a', 'before')
  await first.flush()
  rmSync(join(directory, 'LOCK'))
  const second = await open(directory, options)
  await second.put('b', 'of the second')
  await second.compact()
  const goOn = async (): Promise<void> => {
    await first.put('c', '1')
    await first.flush()
  }
  await assert.rejects(goOn(), { code: 'POISONED' })
  await assert.rejects(first.put('d', '2'), { code: 'POISONED' })
  await first.close()
  assert.ok(nodeFileSystem.exists(join(directory, 'LOCK')), "the second owner's lock")
  await second.put('e', 'after')
  await second.close()
  assert.ok((await verify(directory)).isSound)
  const third = await open(directory, options)
  assert.deepEqual([...third.keys()], ['a', 'b', 'e'])
  await third.close()
})
