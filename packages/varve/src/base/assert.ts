/**
 * Checks for programmer errors. Never assert on bytes read from a file: they are input. Check them
 * and report damage as `CORRUPTION`.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}

/** Enables costly checks. The tests set it; users never need to. */
export const checkInvariants: boolean = environmentVariable('VARVE_INVARIANTS') === '1'

/** Also undefined when the environment is not readable, as in Deno without `--allow-env`. */
function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name]
  } catch {
    return undefined
  }
}
