import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { crashKinds, type CrashImage, isChange } from './crash-image.js'
import type { Scenario } from './scenario.js'
import { Simulation } from './simulation.js'

export interface RunResult {
  /** Crash images that were opened and found right. */
  readonly images: number
  /** The trace, as a hash. */
  readonly digest: string
}

/** Runs a scenario without a failing file, and crashes it before every change of a file. */
export async function runCrashes(
  scenario: Scenario,
  newFileSystem = () => new MemoryFileSystem(),
): Promise<RunResult> {
  // Looked at between the steps, since the engine is in the midst of an operation now.
  const taken: CrashImage[] = []
  const simulation = new Simulation(
    scenario,
    {
      before({ kind, path }) {
        if (!isChange(kind)) return
        for (const crash of crashKinds) taken.push(simulation.takeImage(crash, `${kind} ${path}`))
      },
      mayFail: () => false,
      circumstances: () => '',
    },
    newFileSystem(),
  )
  await simulation.run(async () => {
    for (const image of taken.splice(0)) await simulation.checkImage(image)
  })
  return { images: simulation.images, digest: simulation.trace.digest() }
}
