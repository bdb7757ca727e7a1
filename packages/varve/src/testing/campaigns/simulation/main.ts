// `npm run sim -- --minutes 10 --seed 1`: simulates seed after seed on every core. Prints the first
// failure with the command that reproduces it.
//
//     --minutes, --images  end the run after this time or this many crash images
//     --seed               the first seed (default: VARVE_SEED, or the current time)
//     --seeds              the number of seeds
//     --mode               crashes or faults
//     --threads            the number of threads
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { campaignSeed } from '../../../base/testing/seed.js'
import type { SimulationCounts, SimulationMode } from './simulate.js'

/** One of this many seeds runs with failing operations, which takes about ten times as long. */
const seedsPerFaultSeed = 12
const reportMs = 5000

interface Task {
  readonly seed: number
  readonly mode: SimulationMode
}

type Answer = { readonly counts: SimulationCounts } | { readonly failure: string }

async function work(): Promise<void> {
  // Must be set before the engine is loaded, which reads it once.
  process.env['VARVE_INVARIANTS'] = '1'
  const { reportOf, simulate } = await import('./simulate.js')
  const { SimulationFailure } = await import('./simulation-failure.js')
  parentPort!.on('message', ({ seed, mode }: Task) => {
    simulate(seed, mode).then(
      (counts) => parentPort!.postMessage({ counts } satisfies Answer),
      (error: unknown) => {
        const isFailure = error instanceof SimulationFailure
        const failure = isFailure
          ? reportOf(error, mode)
          : `seed ${seed} (${mode}): ${String(error)}`
        parentPort!.postMessage({ failure } satisfies Answer)
      },
    )
  })
}

function lead(): void {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      images: { type: 'string', default: 'Infinity' },
      seed: { type: 'string', default: String(campaignSeed()) },
      seeds: { type: 'string', default: 'Infinity' },
      mode: { type: 'string' },
      threads: { type: 'string', default: `${availableParallelism()}` },
    },
  })
  const first = Number(values.seed)
  const end = first + Number(values.seeds)
  const startMs = performance.now()
  const endMs = startMs + Number(values.minutes) * 60_000
  const total = { seeds: 0, images: 0, faults: 0 }
  let next = first
  let reportedMs = startMs
  const report = (nowMs: number): void => {
    const seconds = (nowMs - startMs) / 1000
    console.log(
      `${seconds.toFixed(0)} s: ${total.seeds} seeds starting at ${first}, ` +
        `${total.images} crash images, ${total.faults} runs with a failing operation`,
    )
  }
  const taskOf = (seed: number): Task => {
    const isFaultSeed = seed % seedsPerFaultSeed === seedsPerFaultSeed - 1
    const mode = values.mode ?? (isFaultSeed ? 'faults' : 'crashes')
    return { seed, mode: mode as SimulationMode }
  }
  const isOver = (): boolean =>
    next >= end || performance.now() >= endMs || total.images >= Number(values.images)
  const threads = Math.min(Number(values.threads), Number(values.seeds))
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)))
  let running = workers.length
  for (const worker of workers) {
    worker.on('error', (error) => {
      throw error
    })
    worker.on('message', (answer: Answer) => {
      if ('failure' in answer) {
        console.error(answer.failure)
        process.exit(1)
      }
      total.seeds++
      total.images += answer.counts.images
      total.faults += answer.counts.faults
      const nowMs = performance.now()
      if (nowMs - reportedMs > reportMs) {
        reportedMs = nowMs
        report(nowMs)
      }
      if (!isOver()) return worker.postMessage(taskOf(next++))
      void worker.terminate()
      if (--running === 0) report(performance.now())
    })
    worker.postMessage(taskOf(next++))
  }
}

if (isMainThread) lead()
else await work()
