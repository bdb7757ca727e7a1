import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import type { CrashFate } from '../../fs/simulated/crash-fate.js'
import { FaultyFileSystem } from '../../fs/simulated/faulty-file-system.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import {
  type BinaryDatabase,
  bytes,
  latin1,
  openBinary,
  operationsOf,
} from '../harness/comparison.js'
import { Oracle, type OracleState, toBytes, type Write } from '../kit/oracle.js'
import { Workload } from '../kit/workload.js'
import type { CompactionOptions } from '../../compaction/pickers/compaction-options.js'
import type { Durability, OpenOptions } from '../../db/api.js'
import { drawnSeed, seeds } from '../../base/testing/seed.js'

const path = '/db'
const seedCount = 4
const generations = 4
const writesPerGeneration = 150
const crashesPerGeneration = 6

/** The files after a crash, and the states that they may hold. */
interface Crash {
  readonly left: MemoryFileSystem
  /** The number of acknowledged writes, and how many of them must survive. */
  readonly acknowledged: number
  readonly durable: number
  readonly where: string
}

const policies: readonly CompactionOptions[] = [
  { policy: 'leveled', l0Trigger: 1, baseBytes: 64 * 1024, sizeRatio: 2 },
  { policy: 'sizeTiered', l0Trigger: 1, sizeRatio: 3 },
  { policy: 'lazyLeveled', l0Trigger: 1, sizeRatio: 3 },
]

function optionsFor(
  fs: MemoryFileSystem | FaultyFileSystem,
  durability: Durability,
  compaction = policies[0],
): OpenOptions {
  return {
    fileSystem: fs,
    background: 'inline',
    durability,
    memtableBytes: 64 * 1024,
    tableBytes: 64 * 1024,
    compaction,
  }
}

function randomFate(random: Prng): CrashFate {
  return {
    unsynced: random.pick(['none', 'all', 'random', 'torn'] as const),
    prng: new Prng(random.next()),
    sectorBytes: 512,
  }
}

async function write(db: BinaryDatabase, writes: readonly Write[], sync: boolean): Promise<void> {
  const [first] = writes
  if (first.type === 'clear') await db.clear(toBytes(first.range), { sync })
  else db.batchSync(operationsOf(writes), { sync })
}

/**
 * Opens, writes, flushes and compacts for a while, and crashes a copy of the files before some of
 * the file operations. `states[n]` is the state after n writes.
 */
async function run(
  fs: MemoryFileSystem,
  state: OracleState,
  random: Prng,
  durability: Durability,
  crashOf: (fs: MemoryFileSystem) => MemoryFileSystem,
): Promise<{ states: OracleState[]; crashes: Crash[] }> {
  const faulty = new FaultyFileSystem(fs)
  const oracle = new Oracle(state.entries)
  const states = [oracle.state]
  const crashes: Crash[] = []
  let durable = 0
  faulty.faultFor = ({ kind, path: file }) => {
    if (crashes.length < crashesPerGeneration && random.chance(0.01)) {
      const where = `before ${kind} ${file}`
      crashes.push({ left: crashOf(fs), acknowledged: states.length - 1, durable, where })
    }
    return undefined
  }
  const workload = new Workload(random)
  const db = await openBinary(path, optionsFor(faulty, durability, random.pick(policies)))
  for (let i = 0; i < writesPerGeneration; i++) {
    const writes = workload.writes()
    const sync = random.chance(0.05)
    const { sequence } = db.stats()
    await write(db, writes, sync)
    oracle.write(writes)
    states.push(oracle.state)
    // Clearing an empty range writes nothing, so there is nothing to sync.
    const hasWritten = db.stats().sequence > sequence
    if (hasWritten && (sync || durability === 'sync')) durable = states.length - 1
    if (!random.chance(0.02)) continue
    if (random.chance(0.5)) await db.flush()
    else await db.compact()
    durable = states.length - 1
  }
  const left = crashOf(fs)
  crashes.push({ left, acknowledged: states.length - 1, durable, where: 'at the end' })
  faulty.faultFor = () => undefined
  await db.close()
  return { states, crashes }
}

/** Reopens after a crash. Returns the one matching state. */
async function recover(crash: Crash, states: OracleState[], durability: Durability) {
  const db = await openBinary(path, optionsFor(crash.left, durability))
  const found = [...db.entries()].map(([key, value]) => [latin1(key), value] as const)
  await db.close()
  // The pending write may have arrived too, but only as a whole.
  const last = Math.min(crash.acknowledged + 1, states.length - 1)
  for (let n = last; n >= crash.durable; n--) {
    const { entries } = states[n]
    const isSame = ([key, value]: readonly [string, Uint8Array]): boolean =>
      entries.get(key)?.equals(value) === true
    if (found.length === entries.size && found.every(isSame)) return states[n]
  }
  const survived = `${crash.durable} to ${last} of ${states.length - 1} writes`
  assert.fail(`crash ${crash.where}: the state matches none of ${survived}`)
}

async function checkCrashes(
  durability: Durability,
  crashOf: (random: Prng) => (fs: MemoryFileSystem) => MemoryFileSystem,
  expectAll = false,
): Promise<void> {
  for (const seed of seeds(seedCount, drawnSeed())) {
    const random = new Prng(seed)
    let fs = new MemoryFileSystem()
    let state = new Oracle().state
    try {
      for (let generation = 0; generation < generations; generation++) {
        const { states, crashes } = await run(fs, state, random, durability, crashOf(random))
        for (const crash of crashes) {
          const durable = expectAll ? crash.acknowledged : crash.durable
          state = await recover({ ...crash, durable }, states, durability)
          fs = crash.left
        }
      }
    } catch (cause) {
      throw new Error(`failed with VARVE_SEED=${seed}`, { cause })
    }
  }
}

const powerLoss =
  (random: Prng) =>
  (fs: MemoryFileSystem): MemoryFileSystem =>
    fs.crashClone(randomFate(random))

test("'sync': power loss takes no acknowledged write", () => checkCrashes('sync', powerLoss))

test("'os': power loss leaves a prefix of what was acknowledged, batches whole", () =>
  checkCrashes('os', powerLoss))

test("'os': the death of the process takes no acknowledged write", () =>
  checkCrashes('os', () => (fs) => fs.processCrashClone(), true))

test('a synced write after a process death does not outlive the writes before it', async () => {
  const fs = new MemoryFileSystem()
  const first = await openBinary(path, optionsFor(fs, 'os'))
  await first.put(bytes('a'), bytes('1'))
  const survivor = fs.processCrashClone()
  await first.close()
  const second = await openBinary(path, optionsFor(survivor, 'os'))
  await second.put(bytes('b'), bytes('2'), { sync: true })
  const left = survivor.crashClone({ unsynced: 'none', prng: new Prng(1), sectorBytes: 512 })
  await second.close()
  const third = await openBinary(path, optionsFor(left, 'os'))
  assert.deepEqual([...third.keys()].map(latin1), ['a', 'b'])
  await third.close()
})
