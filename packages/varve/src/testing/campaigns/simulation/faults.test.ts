import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf, simulate } from './simulate.js'
import { SimulationFailure } from './simulation-failure.js'
import { campaignSize } from '../../kit/campaign-size.js'

// Thousands of errors are made here, and a stack takes longer than what it tells of.
Error.stackTraceLimit = 0

const firstSeed = Number(process.env['VARVE_SEED'] ?? 1)
const seeds = 3
/** A prime, so that all kinds of faults and of operations occur. */
const every = campaignSize(61, 31)

test('whichever operation fails, nothing acknowledged is lost, and the database goes on', async () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    try {
      const { faults } = await simulate(seed, 'faults', every)
      assert.ok(faults > 10, `seed ${seed}: only ${faults} faults`)
    } catch (error) {
      assert.ok(error instanceof SimulationFailure, String(error))
      assert.fail(reportOf(error, 'faults'))
    }
  }
})
