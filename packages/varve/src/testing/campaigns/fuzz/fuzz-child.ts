// One child process of main.ts: `fuzz-child.js <module> <first seed> <end> <end of time>`. It runs
// the target's cases in that range of seeds and reports the cost of each.
import type { FuzzTarget } from './target.js'

const [module, ...numbers] = process.argv.slice(2)
const [first, end, endMs] = numbers.map(Number)
const { target } = (await import(module)) as { target: FuzzTarget }
const run = await target.prepare()
let failed = false
process.on('unhandledRejection', (error) => tell(-1, error))
for (let seed = first; seed < end && Date.now() < endMs && !failed; seed++) {
  try {
    await run(seed)
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
