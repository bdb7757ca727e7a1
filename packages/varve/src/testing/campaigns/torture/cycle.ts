import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Prng } from '../../../base/prng.js'
import { verify } from '../../../tools/verify/verify.js'
import { currentName } from '../../../store/file-names.js'
import { bytes, latin1, openBinary } from '../../harness/comparison.js'
import { Oracle, OracleState } from '../../kit/oracle.js'
import {
  type Cycle,
  decodeNote,
  drawCycle,
  maxUnderWay,
  noteKeyOf,
  prefixOf,
  surelyThereMs,
  writerCount,
  writesOf,
} from './script.js'
import { sharedClock } from './shared-clock.js'

const childPath = fileURLToPath(new URL('./child.js', import.meta.url))

/** The state of each writer's keys before the cycle, with the latest times of expiry. */
type TortureState = readonly OracleState[]

export const emptyState: TortureState = Array.from(
  { length: writerCount },
  () => new Oracle().state,
)

interface CycleResult {
  readonly state: TortureState
  readonly acknowledgedWrites: number
  /** The pending writes at the kill that were found. */
  readonly foundUnderWay: number
  /** Entries found that will expire, and entries found to have expired. */
  readonly expiring: number
  readonly expired: number
  readonly deepestLevel: number
}

/**
 * Starts a process that writes to the directory, kills it, and checks the files. The directory must
 * verify without repair. For each writer it must hold the state after all acknowledged writes and a
 * prefix of the pending ones, with no batch torn. Entries past their time of expiry must be gone,
 * and those with hours left must be there. A missing entry never reappears.
 */
export async function runCycle(
  directory: string,
  seed: number,
  before: TortureState,
): Promise<CycleResult> {
  const cycle = drawCycle(seed)
  const acknowledged = await killOne(directory, cycle)
  const deadAtMs = sharedClock.wallMs() + 1
  const total = acknowledged.reduce((sum, each) => sum + each, 0)
  // A process killed while it creates the database may leave none.
  if (total > 0 || existsSync(join(directory, currentName))) {
    const { problems } = await verify(directory)
    assert.deepEqual(problems, [], 'the files do not verify')
  }
  // Half of the time, the next writing process recovers the files instead.
  const readOnly = new Prng(seed).chance(0.5) && total > 0
  const db = await openBinary(directory, { ...cycle.options, readOnly })
  try {
    const found = Array.from({ length: writerCount }, (_, writer) => {
      const readAtMs = sharedClock.wallMs()
      const entries = [...db.entries({ prefix: bytes(prefixOf(writer)) })]
      const seen = new Map(entries.map(([key, value]) => [latin1(key), value]))
      return find(before[writer], { seen, readAtMs, deadAtMs }, seed, writer, acknowledged[writer])
    })
    for (const { expired } of found) {
      for (const key of expired) {
        assert.ok(!db.hasSync(bytes(key)), `${JSON.stringify(key)} came back`)
      }
    }
    for (let writer = 0; writer < writerCount; writer++) {
      const note = decodeNote(seed, db.getSync(bytes(noteKeyOf(writer))))
      for (let other = 0; other < writerCount; other++) {
        const needed = note?.[other] ?? 0
        const hole = `a hole: writer ${other} lost what ${writer} built on`
        assert.ok(found[other].count >= needed, hole)
      }
    }
    const counts = found.reduce((sum, { count }) => sum + count, 0)
    return {
      state: found.map(({ state }) => state),
      acknowledgedWrites: total,
      foundUnderWay: counts - total,
      expiring: found.reduce((sum, { state }) => sum + state.expiries.size, 0),
      expired: found.reduce((sum, { expired }) => sum + expired.length, 0),
      deepestLevel: db.levels().findLastIndex(({ tables }) => tables.length > 0),
    }
  } finally {
    await db.close()
  }
}

/** Returns the number of acknowledged writes of each writer. */
async function killOne(directory: string, cycle: Cycle): Promise<number[]> {
  const child = spawn(process.execPath, [childPath, directory, String(cycle.seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const counts = Array.from({ length: writerCount }, () => 0)
  let total = 0
  child.stdout.on('data', (chunk: Buffer) => {
    for (const writer of chunk) counts[writer]++
    total += chunk.length
  })
  if (!cycle.diesInRecovery) await Promise.race([once(child.stdout, 'data'), closed])
  await delay(cycle.lifeMs)
  while (total < cycle.leastWrites) {
    const [first] = (await Promise.race([once(child.stdout, 'data'), closed])) as unknown[]
    if (!Buffer.isBuffer(first)) break
  }
  child.kill('SIGKILL')
  const [code, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `the child exited before the kill, with ${code}`)
  return counts
}

/** The entries read after the kill. */
interface Sighting {
  readonly seen: ReadonlyMap<string, Uint8Array>
  readonly readAtMs: number
  readonly deadAtMs: number
}

/** A matching state, without its expired entries. */
interface FoundState {
  readonly state: OracleState
  readonly expired: readonly string[]
}

/** Returns the one matching state among those after the possible writes. */
function find(
  before: OracleState,
  sighting: Sighting,
  seed: number,
  writer: number,
  acknowledged: number,
): FoundState & { readonly count: number } {
  const oracle = new Oracle(before.entries, before.expiries)
  const script = writesOf(seed, writer)
  for (let count = 0; count <= acknowledged + maxUnderWay; count++) {
    // The time of the write is unknown, but the kill is its upper bound.
    if (count > 0) oracle.write(script.next().value, sighting.deadAtMs)
    if (count < acknowledged) continue
    const found = recognize(oracle.state, sighting)
    if (found !== undefined) return { ...found, count }
  }
  const expected = `the state after ${acknowledged} writes, or after pending ones too`
  return assert.fail(`writer ${writer}: not ${expected}`)
}

/** Returns undefined if the state does not match. */
function recognize(
  { entries, expiries }: OracleState,
  { seen, readAtMs }: Sighting,
): FoundState | undefined {
  const there = new Map<string, Buffer>()
  const expired: string[] = []
  for (const [key, value] of entries) {
    const leftMs = (expiries.get(key) ?? Infinity) - readAtMs
    const found = seen.get(key)
    if (found === undefined && leftMs <= surelyThereMs) expired.push(key)
    else if (found !== undefined && leftMs > 0 && value.equals(found)) there.set(key, value)
    else return undefined
  }
  if (there.size !== seen.size) return undefined
  const waiting = new Map([...expiries].filter(([key]) => there.has(key)))
  return { state: new OracleState(there, waiting), expired }
}
