/**
 * Checks for programmer errors. Bytes read from a file are input and are never asserted: they are
 * checked, and answered with `CORRUPTION`.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}

/** Turns on the costly checks; the tests set it, users never need to. */
export const checkInvariants: boolean = process.env['VARVE_INVARIANTS'] === '1'
