/**
 * Seeds of the random tests and campaigns. `VARVE_SEED` replaces the first seed of every one of
 * them. When a test file fails, it prints the commands that repeat its random tests.
 */
const variable = 'VARVE_SEED'
const commands = new Set<string>()

/** The first seed of a test that runs the same seeds every time, unless `VARVE_SEED` is set. */
export function firstSeed(fallback = 1): number {
  const seed = seedFrom(process.env) ?? fallback
  printOnFailure(seed)
  return seed
}

/** The first seed of a test that runs new seeds every time, unless `VARVE_SEED` is set. */
export function drawnSeed(): number {
  return firstSeed(campaignSeed())
}

/** The first seed of a campaign without `--seed`. */
export function campaignSeed(): number {
  return seedFrom(process.env) ?? Date.now() % 2 ** 31
}

/**
 * Yields `count` seeds from `firstSeed(fallback)` on. If the body of the loop throws, prints the
 * command that begins with its seed. Requires: no break or return in the body.
 */
export function* seeds(count: number, fallback = 1): Generator<number> {
  const first = firstSeed(fallback)
  for (let seed = first; seed < first + count; seed++) {
    let hasPassed = false
    try {
      yield seed
      hasPassed = true
    } finally {
      if (!hasPassed) printOnFailure(seed)
    }
  }
}

/** Runs `body` with each seed, and names the seed that failed. */
export function forEachSeed(count: number, body: (seed: number) => void): void {
  for (const seed of seeds(count)) {
    try {
      body(seed)
    } catch (cause) {
      throw new Error(`failed with VARVE_SEED=${seed}`, { cause })
    }
  }
}

/** The command that repeats the running test file from `seed` on. */
export function repeatCommand(seed: number, file = process.argv[1] ?? ''): string {
  const path = file.replaceAll('\\', '/').replace(/^.*\/(?=(packages|demo|examples)\/)/, '')
  return `${variable}=${seed} node scripts/test.mjs ${path}`
}

/** The seed in an environment, or undefined if it has none. */
export function seedFrom(environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment[variable]
  if (text === undefined || text === '') return undefined
  const seed = Number(text)
  if (Number.isSafeInteger(seed) && seed >= 0) return seed
  throw new RangeError(`${variable} is '${text}': set it to a whole number from 0 on`)
}

/** Campaigns run from the command line, and report their seed themselves. */
function printOnFailure(seed: number): void {
  if (!process.argv[1]?.endsWith('.test.js')) return
  if (commands.size === 0) process.once('exit', printCommands)
  // The last command is the most exact one.
  commands.add(repeatCommand(seed))
}

function printCommands(exitCode: number): void {
  if (exitCode === 0) return
  for (const command of commands) console.error(`repeat with: ${command}`)
}
