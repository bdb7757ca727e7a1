// `npm run fuzz -- --minutes 10 --seed 1`: runs one case after another against each target
// (target.ts).
//
//     --target <module>   can be repeated; the targets take turns
//     --minutes, --cases  limits per target; the first one reached ends it
//     --seed              seed of the first case (default: VARVE_SEED, or the current time)
//
// Cases run in a child process with little memory. A case that uses too much memory, takes too long
// or kills its process is reported with its seed, like any other failure.
import { fork } from 'node:child_process'
import { basename, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { campaignSeed } from '../../../base/testing/seed.js'

/** A case normally takes a fraction of a second. */
const maxCaseMs = 60_000
const childHeapMiB = 256
const maxResidentMiB = 700
/** Cases per turn. The next target then runs in a new process. */
const turnCases = 500

interface Progress {
  readonly module: string
  readonly name: string
  nextSeed: number
  failures: number
  peakMiB: number
}

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    minutes: { type: 'string' },
    cases: { type: 'string' },
    seed: { type: 'string', default: String(campaignSeed()) },
  },
})

const cases = Number(values.cases ?? 'Infinity')
const minutes = Number(values.minutes ?? (values.cases === undefined ? 1 : 'Infinity'))
const endMs = Date.now() + minutes * 60_000
const firstSeed = Number(values.seed)

const targets = values.target.map((path): Progress => ({
  module: pathToFileURL(resolve(path)).href,
  name: basename(path, '.js'),
  nextSeed: firstSeed,
  failures: 0,
  peakMiB: 0,
}))
const isOver = ({ nextSeed }: Progress): boolean =>
  nextSeed >= firstSeed + cases || Date.now() >= endMs
while (!targets.every(isOver)) {
  for (const target of targets) if (!isOver(target)) await takeTurn(target)
}
for (const { name, nextSeed, failures, peakMiB } of targets) {
  const count = nextSeed - firstSeed
  console.log(`${name}: ${count} cases from seed ${firstSeed}, ${failures} failed, ${peakMiB} MiB`)
}
process.exitCode = targets.some(({ failures }) => failures > 0) ? 1 : 0

/** Runs one child until it fails, its turn ends or the time is over. */
function takeTurn(target: Progress): Promise<void> {
  const child = fork(
    fileURLToPath(new URL('./fuzz-child.js', import.meta.url)),
    [
      target.module,
      String(target.nextSeed),
      String(Math.min(target.nextSeed + turnCases, firstSeed + cases)),
      String(endMs),
    ],
    { execArgv: [`--max-old-space-size=${childHeapMiB}`, '--enable-source-maps'] },
  )
  return new Promise((settle) => {
    let failure: string | undefined
    const fail = (what: string): void => {
      failure ??= what
      child.kill('SIGKILL')
    }
    const onTimeout = (): void => fail(`takes longer than ${maxCaseMs} ms`)
    let timer = setTimeout(onTimeout, maxCaseMs)
    child.on('message', (told: { residentMiB: number; failure?: string }) => {
      clearTimeout(timer)
      timer = setTimeout(onTimeout, maxCaseMs)
      target.peakMiB = Math.max(target.peakMiB, told.residentMiB)
      if (told.failure !== undefined) failure ??= told.failure
      else if (told.residentMiB > maxResidentMiB) fail(`took ${told.residentMiB} MiB`)
      else target.nextSeed++
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code !== 0) failure ??= `killed its process: ${signal ?? code}`
      if (failure !== undefined) {
        console.error(`${target.name}, seed ${target.nextSeed}: ${failure}`)
        console.error(`repeat with: ${repeatCommand(target)}`)
        target.failures++
        target.nextSeed++
      }
      settle()
    })
  })
}

function repeatCommand({ module, nextSeed }: Progress): string {
  const path = relative(process.cwd(), fileURLToPath(module))
  return `npm run fuzz -- --target ${path} --seed ${nextSeed} --cases 1`
}
