import { reasonOf, VarveError } from '../../base/errors.js'

/**
 * - `damage`: bytes are not what was written.
 * - `missing`: a file that another one names is not there.
 * - `mismatch`: files are whole but do not agree with each other.
 * - `unsupported`: written by a later version, or with a codec that was not given.
 * - `unreadable`: the operating system refuses to read.
 */
export type ProblemKind = 'damage' | 'missing' | 'mismatch' | 'unsupported' | 'unreadable'

/** One thing that is wrong with a database. */
export interface Problem {
  readonly kind: ProblemKind
  /** Name of the file in the directory of the database. */
  readonly file: string
  /** Where in the file it begins, in bytes; left out when it is about the file as a whole. */
  readonly offset?: number
  /** How many bytes cannot be used. */
  readonly sizeBytes?: number
  readonly message: string
}

/** Worth knowing, but not a fault: a torn tail, a leftover file. */
export interface Remark {
  readonly file: string
  readonly message: string
}

/** Problems that a report lists; it counts those beyond. */
const maxListedProblems = 1000

/** Collects problems; a hostile directory cannot make the list endless. */
export class ProblemList {
  readonly listed: Problem[] = []
  more = 0

  get count(): number {
    return this.listed.length + this.more
  }

  add(problem: Problem): void {
    if (this.listed.length < maxListedProblems) this.listed.push(problem)
    else this.more++
  }
}

/**
 * An error that reading `file` ended with, as a problem. Anything but a VarveError is thrown on.
 */
export function problemOf(error: unknown, file: string): Problem {
  if (!(error instanceof VarveError)) throw error
  const { offset } = error
  const problem = { kind: kindOf(error), file, message: reasonOf(error) }
  return offset === undefined ? problem : { ...problem, offset }
}

function kindOf({ code }: VarveError): ProblemKind {
  if (code === 'CORRUPTION') return 'damage'
  return code === 'UNSUPPORTED_FORMAT' ? 'unsupported' : 'unreadable'
}
