import { runCrashes } from './crash-run.js'
import { plannedFaults, runFault } from './fault-run.js'
import { minimise } from './minimise.js'
import { drawScenario, type Scenario } from './scenario.js'
import { SimulationFailure } from './simulation-failure.js'

/** `crashes`: before every file change. `faults`: every operation fails, once and permanently. */
export type SimulationMode = 'crashes' | 'faults'

const crashSteps = 60
const faultSteps = 20

export interface SimulationCounts {
  /** Crash images that opened with a correct state. */
  images: number
  /** Runs with a failing operation. */
  faults: number
}

/**
 * Simulates one seed; `every` thins out the faults to one in that many. Throws SimulationFailure
 * with the smallest failing scenario.
 */
export async function simulate(
  seed: number,
  mode: SimulationMode,
  every = 1,
): Promise<SimulationCounts> {
  if (mode === 'crashes') {
    const { images } = await minimisingFailure(drawScenario(seed, crashSteps), (each) =>
      runCrashes(each),
    )
    return { images, faults: 0 }
  }
  const scenario = drawScenario(seed, faultSteps)
  const counts = { images: 0, faults: 0 }
  for (const [i, fault] of (await plannedFaults(scenario)).entries()) {
    if (i % every !== 0) continue
    // Faults are numbered by operation, so a smaller scenario would fail elsewhere: do not
    // minimise.
    counts.images += (await runFault(scenario, fault)).images
    counts.faults++
  }
  return counts
}

async function minimisingFailure<T>(
  scenario: Scenario,
  run: (scenario: Scenario) => Promise<T>,
): Promise<T> {
  try {
    return await run(scenario)
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error
    throw await minimise(error, run)
  }
}

/** The report for the engineer who debugs the failure. */
export function reportOf(failure: SimulationFailure, mode: SimulationMode): string {
  const { scenario, step, trace, circumstances, cause } = failure
  const steps = scenario.steps.map((each, i) => `${i === step ? '→' : ' '} ${i} ${textOf(each)}`)
  return [
    `npm run sim -- --seed ${scenario.seed} --seeds 1 --mode ${mode}`,
    `options ${JSON.stringify(scenario.options)}`,
    ...(circumstances === '' ? [] : [`with${circumstances}`]),
    ...steps,
    'the end of the trace:',
    trace,
    cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
  ].join('\n')
}

/** The step as JSON, with values replaced by their lengths to keep it short. */
function textOf(step: unknown): string {
  return JSON.stringify(step, (_, value: unknown) => {
    const buffer = value as { type?: unknown; data?: unknown[] } | null
    if (buffer?.type === 'Buffer' && Array.isArray(buffer.data))
      return `${buffer.data.length} bytes`
    return typeof value === 'string' && value.length > 40 ? `${value.slice(0, 40)}…` : value
  })
}
