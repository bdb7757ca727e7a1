import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { open } from '../../index.js'
import { latin1, openBinary } from '../harness/comparison.js'
import { killOptions, maxUnacknowledged, writesFor } from '../harness/kill-child.js'
import { Oracle, type OracleState } from '../kit/oracle.js'
import { drawnSeed } from '../../base/testing/seed.js'

const ownerPath = fileURLToPath(new URL('../harness/kill-child.js', import.meta.url))
const readerPath = fileURLToPath(new URL('../harness/reader-child.js', import.meta.url))

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'varve-follower-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Compares the entries of a reader with the states after more and more writes. */
class States {
  private readonly oracle: Oracle
  private readonly writes: ReturnType<typeof writesFor>
  private count = 0

  constructor(seed: number, before: OracleState) {
    this.oracle = new Oracle(before.entries)
    this.writes = writesFor(seed)
  }

  /** Returns the first matching state after at least `atLeast` writes. */
  find(found: readonly (readonly [string, Uint8Array])[], atLeast: number, atMost: number) {
    for (;;) {
      const { state } = this.oracle
      const { entries } = state
      const isSame = ([key, value]: readonly [string, Uint8Array]): boolean =>
        entries.get(key)?.equals(value) === true
      if (this.count >= atLeast && entries.size === found.length && found.every(isSame)) {
        return state
      }
      assert.ok(this.count < atMost, `not the state after ${atLeast} to ${atMost} writes`)
      this.oracle.write(this.writes.next().value)
      this.count++
    }
  }
}

test('a reader follows owners in other processes across their deaths', async (t) => {
  const seed = drawnSeed()
  const folder = temporaryDirectory(t)
  const directory = join(folder, 'db')
  await (await openBinary(directory, killOptions('os'))).close()
  const reader = await openBinary(directory, { ...killOptions('os'), readOnly: true })
  const entriesNow = () => [...reader.entries()].map(([key, v]) => [latin1(key), v] as const)
  let state = new Oracle().state
  for (let owner = 0; owner < 3; owner++) {
    const acknowledgements = join(folder, `acknowledged-${owner}`)
    const output = openSync(acknowledgements, 'w')
    const args = [ownerPath, directory, String(seed + owner), 'os']
    const child = spawn(process.execPath, args, { stdio: ['ignore', output, 'inherit'] })
    closeSync(output)
    t.after(() => child.kill('SIGKILL'))
    const lines = (): string[] => readFileSync(acknowledgements, 'utf8').split('\n')
    const acknowledged = (): number => Number(lines().at(-2))
    while (!(acknowledged() > 0)) await delay(5)
    const states = new States(seed + owner, state)
    const held = { snapshot: reader.snapshot(), entries: entriesNow() }
    // Repeats until a table has appeared, however slow the machine is.
    const isEnough = (refreshes: number): boolean =>
      refreshes >= 10 && reader.stats().tables.count > 0
    for (let refreshes = 0; !isEnough(refreshes); refreshes++) {
      await delay(10)
      const atLeast = acknowledged()
      await reader.refresh()
      states.find(entriesNow(), atLeast, acknowledged() + maxUnacknowledged + 1)
    }
    const again = [...held.snapshot.entries()].map(([key, v]) => [latin1(key), v] as const)
    assert.deepEqual(again, held.entries, 'an earlier snapshot')
    held.snapshot.close()
    child.kill('SIGKILL')
    await once(child, 'close')
    await reader.refresh()
    const last = acknowledged()
    state = states.find(entriesNow(), last, last + maxUnacknowledged + 1)
  }
  assert.ok(reader.stats().tables.count > 0)
  await reader.close()
})

test('an owner keeps the files of a reader until its process dies', async (t) => {
  const directory = temporaryDirectory(t)
  const owner = await open(directory, { background: 'inline', memtableBytes: 64 * 1024 })
  const rewrite = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await owner.put(`key ${i}`, 'v'.repeat(2000))
    await owner.compact()
  }
  await rewrite()
  const child = spawn(process.execPath, [readerPath, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)
  assert.deepEqual(await once(lines, 'line'), ['ready'])
  const tables = () => readdirSync(directory).filter((name) => name.endsWith('.sst'))
  const before = tables()
  await owner.clear({})
  await rewrite()
  await rewrite()
  assert.deepEqual(
    before.filter((name) => !tables().includes(name)),
    [],
  )
  child.stdin.write('read\n')
  assert.deepEqual(await once(lines, 'line'), ['100'])
  child.kill('SIGKILL')
  await once(child, 'close')
  await rewrite()
  await owner.close()
  assert.deepEqual(
    before.filter((name) => tables().includes(name)),
    [],
  )
  assert.deepEqual(
    readdirSync(directory).filter((name) => /^(LOCK|READER)/.test(name)),
    [],
  )
})
