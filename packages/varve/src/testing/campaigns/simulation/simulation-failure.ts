import type { Scenario } from './scenario.js'

/** A scenario that went wrong: where, and what had happened. */
export class SimulationFailure extends Error {
  constructor(
    readonly scenario: Scenario,
    /** The step that went wrong. */
    readonly step: number,
    /** What was special about the run, such as the operation that failed. */
    readonly circumstances: string,
    readonly trace: string,
    cause: unknown,
  ) {
    super(`seed ${scenario.seed}, step ${step}${circumstances}: ${String(cause)}`, { cause })
  }
}
