import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf, simulate } from './simulate.js'
import { SimulationFailure } from './simulation-failure.js'
import { campaignSize } from '../../kit/campaign-size.js'
import { seeds } from '../../../base/testing/seed.js'

// The run creates thousands of errors, and capturing a stack costs more than it is worth here.
Error.stackTraceLimit = 0

const seedCount = 3
/** A prime, so that the sample covers all kinds of faults and operations. */
const every = campaignSize(61, 31)

test('a failed operation loses no acknowledged write, and the database recovers', async () => {
  for (const seed of seeds(seedCount)) {
    try {
      const { faults } = await simulate(seed, 'faults', every)
      assert.ok(faults > 10, `seed ${seed}: only ${faults} faults`)
    } catch (error) {
      assert.ok(error instanceof SimulationFailure, String(error))
      assert.fail(reportOf(error, 'faults'))
    }
  }
})
