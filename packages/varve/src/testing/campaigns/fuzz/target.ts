/**
 * Something that is fed with what it did not expect. A module of one exports it as `target`.
 *
 * A case must end, in bounded time and memory; whatever it throws is a finding.
 */
export interface FuzzTarget {
  readonly name: string
  /** Gets ready, once in each process; then runs the case of a seed. */
  prepare(): Promise<(seed: number) => Promise<void> | void>
}
