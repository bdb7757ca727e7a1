// Mutates directories and reads them, for as long as it is told; see fuzz-case.ts.
//
//     node fuzz.js --minutes 10 --seed 1      or --cases 500
//
// Cases run in a child process with little memory, so that a case which takes too much, takes too long or
// kills its process is found like any other, by its seed.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** A case takes a fraction of a second. */
const maxCaseMs = 60_000
const childHeapMiB = 256
const maxResidentMiB = 700

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    cases: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})

const cases = values.cases === undefined ? Infinity : Number(values.cases)
const minutes =
  values.minutes === undefined ? (cases === Infinity ? 1 : Infinity) : Number(values.minutes)
const endMs = Date.now() + minutes * 60_000
const firstSeed = Number(values.seed)
const failures = await runCases()
process.exitCode = failures === 0 ? 0 : 1

/** One child after another: each ends with a failure, or when time is up. */
async function runCases(): Promise<number> {
  let seed = firstSeed
  let failed = 0
  let peakMiB = 0
  while (seed < firstSeed + cases && Date.now() < endMs) {
    const outcome = await runChild(seed)
    peakMiB = Math.max(peakMiB, outcome.peakMiB)
    seed = outcome.nextSeed
    if (outcome.failure === undefined) continue
    failed++
    console.error(outcome.failure)
  }
  const done = seed - firstSeed
  console.log(`${done} cases from seed ${firstSeed}, ${failed} failed, ${peakMiB} MiB at most`)
  return failed
}

interface Outcome {
  readonly nextSeed: number
  readonly failure: string | undefined
  readonly peakMiB: number
}

function runChild(seed: number): Promise<Outcome> {
  const path = fileURLToPath(new URL('./fuzz-child.js', import.meta.url))
  const last = Math.min(seed + 500, firstSeed + cases)
  const child = fork(path, [String(seed), String(last), String(endMs)], {
    execArgv: [`--max-old-space-size=${childHeapMiB}`, '--enable-source-maps'],
  })
  return new Promise((resolve) => {
    let running = seed
    let peakMiB = 0
    let failure: string | undefined
    const end = (): void => void child.kill('SIGKILL')
    const onTimeout = (): void => {
      failure = `seed ${running} takes longer than ${maxCaseMs} ms`
      end()
    }
    let timer = setTimeout(onTimeout, maxCaseMs)
    child.on('message', (message: { seed: number; residentMiB: number; failure?: string }) => {
      clearTimeout(timer)
      timer = setTimeout(onTimeout, maxCaseMs)
      peakMiB = Math.max(peakMiB, message.residentMiB)
      if (message.failure !== undefined) failure = message.failure
      else if (message.residentMiB > maxResidentMiB) {
        failure = `seed ${message.seed} took ${message.residentMiB} MiB`
        end()
      } else running = message.seed + 1
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (failure === undefined && code !== 0)
        failure = `seed ${running} ended its process: ${signal ?? code}`
      resolve({ nextSeed: failure === undefined ? running : running + 1, failure, peakMiB })
    })
  })
}
