import type { Scenario } from './scenario.js'

/** A scenario that failed, with the step and the circumstances. */
export class SimulationFailure extends Error {
  constructor(
    readonly scenario: Scenario,
    /** The index of the failed step. */
    readonly step: number,
    /** The special condition of the run, such as the operation that failed. */
    readonly circumstances: string,
    readonly trace: string,
    cause: unknown,
  ) {
    super(`seed ${scenario.seed}, step ${step}${circumstances}: ${String(cause)}`, { cause })
  }
}
