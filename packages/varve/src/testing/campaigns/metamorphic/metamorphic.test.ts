import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Prng } from '../../../base/prng.js'
import type { OpenOptions } from '../../../db/api.js'
import { Comparison } from '../../harness/comparison.js'
import { type Operation, Workload, type WorkloadScale } from '../../kit/workload.js'
import { type KeyspaceShape, modelKeyspaces } from '../../harness/keyspace-shape.js'
import { drawKeyspaces, drawOptions } from './option-set.js'
import { campaignSize } from '../../kit/campaign-size.js'
import { drawnSeed } from '../../../base/testing/seed.js'

// Runs the same operations under many sets of options. Each run must answer like the oracle, so all
// runs agree. Half of the databases are also reopened now and then with other options.
const optionSets = Number(process.env['VARVE_OPTION_SETS'] ?? campaignSize(15, 50))
const operationCount = 120
const reopenChance = 0.03
const seed = drawnSeed()

const scale: WorkloadScale = {
  keyCount: 80,
  longestKeyBytes: 8000,
  shortValueBytes: 150,
  longValueBytes: 2000,
  hugeValueBytes: 20_000,
  maxBatchWrites: 20,
  longestTtlMs: 100,
}

test(`${optionSets} sets of options give the same answers`, async () => {
  const operations = drawOperations()
  let compactions = 0
  for (let set = 0; set < optionSets; set++) {
    const random = new Prng(seed + set)
    const first = drawOptions(random)
    const keyspaces = drawKeyspaces(random)
    const changing = random.chance(0.5) ? random : undefined
    const directory = mkdtempSync(join(tmpdir(), 'varve-metamorphic-'))
    try {
      compactions += await compare(directory, first, keyspaces, operations, changing)
    } catch (cause) {
      const options = JSON.stringify(first)
      throw new Error(`VARVE_SEED=${seed}, set ${set}: ${options}`, { cause })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
  assert.ok(compactions > optionSets, `${compactions} compactions are too few`)
})

function drawOperations(): Operation[] {
  const workload = new Workload(new Prng(seed), scale, undefined, modelKeyspaces)
  return Array.from({ length: operationCount }, () => workload.next())
}

/**
 * `changing` decides when the database is reopened, and with which options. Returns the number of
 * compactions.
 */
async function compare(
  directory: string,
  options: OpenOptions,
  keyspaces: readonly KeyspaceShape[],
  operations: readonly Operation[],
  changing: Prng | undefined,
): Promise<number> {
  const comparison = await Comparison.start(directory, options, keyspaces)
  try {
    for (const [i, operation] of operations.entries()) {
      try {
        if (changing?.chance(reopenChance) === true) {
          await comparison.reopen(drawOptions(changing), drawKeyspaces(changing))
        }
        await comparison.run(operation)
      } catch (cause) {
        throw new Error(`operation ${i}: ${operation.type}`, { cause })
      }
    }
    const db = await comparison.finish()
    assert.equal(db.stats().backgroundErrors, 0)
    return comparison.compactions
  } finally {
    await comparison.db.close()
  }
}
