import { fuzzCase, fuzzSamples } from './fuzz-case.js'

// One process of fuzz.ts: runs the cases from one seed to another, and tells of each what it took.
const [first, last, endMs] = process.argv.slice(2).map(Number)
const samples = await fuzzSamples()
let failed = false
process.on('unhandledRejection', (error) => tell(-1, error))
for (let seed = first; seed < last && Date.now() < endMs && !failed; seed++) {
  try {
    await fuzzCase(samples, seed)
    tell(seed)
  } catch (error) {
    tell(seed, error)
  }
}
process.disconnect()

function tell(seed: number, error?: unknown): void {
  const residentMiB = Math.round(process.resourceUsage().maxRSS / 1024)
  const failure = error === undefined ? {} : { failure: describe(error) }
  if (error !== undefined) failed = true
  process.send!({ seed, residentMiB, ...failure })
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\n  because ${describe(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
