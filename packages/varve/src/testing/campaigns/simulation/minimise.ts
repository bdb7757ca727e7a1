import type { Scenario, Step } from './scenario.js'
import { SimulationFailure } from './simulation-failure.js'

/** The maximum number of runs per minimisation. */
const maxRuns = 300

/**
 * Removes steps from a scenario as long as `run` still fails. Returns the failure of the smallest
 * failing scenario.
 */
export async function minimise(
  failure: SimulationFailure,
  run: (scenario: Scenario) => Promise<unknown>,
): Promise<SimulationFailure> {
  let smallest = failure
  let runs = 0
  const attempt = async (steps: readonly Step[]): Promise<boolean> => {
    runs++
    try {
      await run({ ...smallest.scenario, steps })
      return false
    } catch (error) {
      if (!(error instanceof SimulationFailure)) throw error
      smallest = error
      return true
    }
  }
  await attempt(failure.scenario.steps.slice(0, failure.step + 1))
  for (let size = smallest.scenario.steps.length >> 1; size > 0; size >>= 1) {
    for (let start = 0; start < smallest.scenario.steps.length && runs < maxRuns;) {
      const { steps } = smallest.scenario
      const without = [...steps.slice(0, start), ...steps.slice(start + size)]
      if (!(await attempt(without))) start += size
    }
  }
  return smallest
}
