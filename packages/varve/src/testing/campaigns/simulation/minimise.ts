import type { Scenario, Step } from './scenario.js'
import { SimulationFailure } from './simulation-failure.js'

/** Runs that a minimisation may take. */
const maxRuns = 300

/**
 * Takes steps away from a scenario as long as `run` still fails. Returns the
 * last failure: that of the smallest scenario that was found.
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
