import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Prng } from '../base/prng.js'
import { latin1, openBinary } from '../testing/comparison.js'
import { killOptions, maxUnacknowledged, writesFor } from '../testing/kill-child.js'
import { Oracle, type OracleState } from '../testing/oracle.js'

const rounds = 50
const maxLifeMs = 250

const childPath = fileURLToPath(new URL('../testing/kill-child.js', import.meta.url))

/** Starts a child, kills it after a while, and returns how many writes it had acknowledged. */
async function killOne(
  directory: string,
  seed: number,
  durability: 'os' | 'sync',
  lifeMs: number,
): Promise<number> {
  const child = spawn(process.execPath, [childPath, directory, String(seed), durability], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let acknowledged = 0
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => void (acknowledged = Number(line)))
  await Promise.race([once(lines, 'line'), closed])
  await delay(lifeMs)
  child.kill('SIGKILL')
  const [code, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `the child ended by itself with ${code}`)
  return acknowledged
}

/** The one state that is found, among those after the writes that may have arrived. */
async function recover(
  directory: string,
  readOnly: boolean,
  before: OracleState,
  seed: number,
  acknowledged: number,
): Promise<{ state: OracleState; deepest: number }> {
  const db = await openBinary(directory, { ...killOptions('os'), readOnly })
  const found = [...db.entries()].map(([key, value]) => [latin1(key), value] as const)
  const deepest = db.levels().findLastIndex(({ tables }) => tables.length > 0)
  await db.close()
  const writes = writesFor(seed)
  const oracle = new Oracle(before.entries)
  for (let n = 0; n <= acknowledged + maxUnacknowledged + 1; n++) {
    if (n > 0) oracle.write(writes.next().value)
    const { entries } = oracle.state
    if (n < acknowledged || entries.size !== found.length) continue
    const isSame = ([key, value]: readonly [string, Uint8Array]): boolean =>
      entries.get(key)?.equals(value) === true
    if (found.every(isSame)) return { state: oracle.state, deepest }
  }
  return assert.fail(`not the state after ${acknowledged} writes or those under way`)
}

test('a killed process loses no acknowledged write, and tears no batch', async () => {
  const firstSeed = Number(process.env['VARVE_SEED'] ?? Date.now() % 2 ** 31)
  const directory = mkdtempSync(join(tmpdir(), 'varve-kill-'))
  const random = new Prng(firstSeed)
  let state = new Oracle().state
  let acknowledgedInAll = 0
  let deepestOfAll = 0
  try {
    for (let round = 0; round < rounds; round++) {
      const seed = firstSeed + round
      const durability = round % 5 === 4 ? 'sync' : 'os'
      const lifeMs = random.below(maxLifeMs)
      try {
        const acknowledged = await killOne(directory, seed, durability, lifeMs)
        // Half of the time it is the next child that mends what the dead one left.
        const readOnly = random.chance(0.5)
        const recovered = await recover(directory, readOnly, state, seed, acknowledged)
        state = recovered.state
        acknowledgedInAll += acknowledged
        deepestOfAll = Math.max(deepestOfAll, recovered.deepest)
      } catch (cause) {
        throw new Error(`failed in round ${round} with VARVE_SEED=${firstSeed}`, { cause })
      }
    }
    assert.ok(acknowledgedInAll > rounds * 10, `${acknowledgedInAll} writes prove little`)
    assert.ok(deepestOfAll > 0, 'nothing was compacted')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
