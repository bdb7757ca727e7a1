import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minimise } from './minimise.js'
import { drawScenario, type Scenario } from './scenario.js'
import { SimulationFailure } from './simulation-failure.js'

test('steps that a failure does not need are removed', async () => {
  const scenario = drawScenario(5, 50)
  const [first, second] = [scenario.steps[11], scenario.steps[31]]
  // Fails at the second of the two steps if the first one ran before it.
  const run = (tried: Scenario): Promise<void> => {
    const at = tried.steps.indexOf(second)
    const isBad = at > 0 && tried.steps.slice(0, at).includes(first)
    return isBad ? Promise.reject(failureOf(tried, at)) : Promise.resolve()
  }
  const { scenario: smallest, step } = await minimise(failureOf(scenario, 31), run)
  assert.deepEqual(smallest.steps, [first, second])
  assert.equal(step, 1)
})

function failureOf(scenario: Scenario, step: number): SimulationFailure {
  return new SimulationFailure(scenario, step, '', '', new Error('bad'))
}
