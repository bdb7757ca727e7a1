/**
 * Code under fuzzing. Its module exports it as `target`.
 *
 * A case must end in bounded time and memory. Any exception is a finding.
 */
export interface FuzzTarget {
  readonly name: string
  /** Prepares once per process. Returns the function that runs the case of a seed. */
  prepare(): Promise<(seed: number) => Promise<void> | void>
}
