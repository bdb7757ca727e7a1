/**
 * Checks for programmer errors. Bytes read from a file are input and are never asserted: they are
 * checked, and answered with `CORRUPTION`.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}

/** Turns on the costly checks; the tests set it, users never need to. */
export const checkInvariants: boolean = environmentVariable('VARVE_INVARIANTS') === '1'

/** Undefined also where this program may not ask, as in Deno without `--allow-env`. */
function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name]
  } catch {
    return undefined
  }
}
