import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { crashKinds, type CrashImage, isChange } from './crash-image.js'
import type { Scenario } from './scenario.js'
import { Simulation } from './simulation.js'

export interface RunResult {
  /** Crash images that opened with a correct state. */
  readonly images: number
  /** The hash of the trace. */
  readonly digest: string
}

/** Runs a scenario without file errors, and takes a crash image before every file change. */
export async function runCrashes(
  scenario: Scenario,
  newFileSystem = () => new MemoryFileSystem(),
): Promise<RunResult> {
  // Images are checked between the steps, because the engine is in the middle of an operation here.
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
