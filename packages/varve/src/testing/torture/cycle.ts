import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Prng } from '../../base/prng.js'
import { verify } from '../../tools/verify.js'
import { currentName } from '../../version/file-names.js'
import { bytes, latin1, openBinary } from '../comparison.js'
import { Oracle, type OracleState } from '../oracle.js'
import {
  type Cycle,
  decodeNote,
  drawCycle,
  maxUnderWay,
  noteKeyOf,
  prefixOf,
  writerCount,
  writesOf,
} from './script.js'

const childPath = fileURLToPath(new URL('./child.js', import.meta.url))

/** What the keys of each writer were before the cycle. */
export type TortureState = readonly OracleState[]

export const emptyState: TortureState = Array.from(
  { length: writerCount },
  () => new Oracle().state,
)

export interface CycleResult {
  readonly state: TortureState
  readonly acknowledgedWrites: number
  /** Of those that were under way at the death, how many were found. */
  readonly foundUnderWay: number
  readonly deepestLevel: number
}

/**
 * Starts a process that writes to the directory, kills it, and looks what is there: the directory must
 * verify as it is, and hold of each writer the state after all writes that were acknowledged and some of
 * those that were under way, in their order, with batches whole.
 */
export async function runCycle(
  directory: string,
  seed: number,
  before: TortureState,
): Promise<CycleResult> {
  const cycle = drawCycle(seed)
  const acknowledged = await killOne(directory, cycle)
  const total = acknowledged.reduce((sum, each) => sum + each, 0)
  // Who dies while it creates the database may leave none.
  if (total > 0 || existsSync(join(directory, currentName))) {
    const { problems } = await verify(directory)
    assert.deepEqual(problems, [], 'what was left does not verify')
  }
  // Half of the time it is the next process that mends what the dead one left.
  const readOnly = new Prng(seed).chance(0.5) && total > 0
  const db = await openBinary(directory, { ...cycle.options, readOnly })
  try {
    const found = Array.from({ length: writerCount }, (_, writer) => {
      const entries = [...db.entries({ prefix: bytes(prefixOf(writer)) })]
      return find(before[writer], entries, seed, writer, acknowledged[writer])
    })
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
      deepestLevel: db.levels().findLastIndex(({ tables }) => tables.length > 0),
    }
  } finally {
    await db.close()
  }
}

/** Returns how many writes of each writer were acknowledged. */
async function killOne(directory: string, cycle: Cycle): Promise<number[]> {
  const child = spawn(process.execPath, [childPath, directory, String(cycle.seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const counts = Array.from({ length: writerCount }, () => 0)
  child.stdout.on('data', (chunk: Buffer) => {
    for (const writer of chunk) counts[writer]++
  })
  if (!cycle.diesInRecovery) await Promise.race([once(child.stdout, 'data'), closed])
  await delay(cycle.lifeMs)
  child.kill('SIGKILL')
  const [code, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `the child ended by itself with ${code}`)
  return counts
}

/** The one state that is found, among those after the writes that may have arrived. */
function find(
  before: OracleState,
  found: readonly (readonly [Uint8Array, Uint8Array])[],
  seed: number,
  writer: number,
  acknowledged: number,
): { state: OracleState; count: number } {
  const oracle = new Oracle(before.entries)
  const script = writesOf(seed, writer)
  for (let count = 0; count <= acknowledged + maxUnderWay; count++) {
    if (count > 0) oracle.write(script.next().value)
    const { entries } = oracle.state
    if (count < acknowledged || entries.size !== found.length) continue
    if (found.every(([key, value]) => entries.get(latin1(key))?.equals(value) === true)) {
      return { state: oracle.state, count }
    }
  }
  const expected = `the state after ${acknowledged} writes or those under way`
  return assert.fail(`writer ${writer}: not ${expected}`)
}
