import type { Problem } from '../directory/problem.js'
import type { VerifyReport } from '../verify/verify-report.js'

/** What becomes of a file. */
export interface RepairedFile {
  readonly name: string
  readonly kind: 'table' | 'log'
  /**
   * - `keep`: is used as it is.
   * - `rename`: is used as it is, under a new number, for it lies under a wrong name.
   * - `rewrite`: what can be read of it goes to a new table.
   * - `drop`: it is not used; `reason` says why.
   */
  readonly fate: 'keep' | 'rename' | 'rewrite' | 'drop'
  /** Level that the MANIFEST gives a table. */
  readonly level?: number
  /** Entries of a table, operations of a log, that can be read. */
  readonly entries: number
  /** Entries that are lost, where that is known. */
  readonly lostEntries?: number
  readonly reason?: string
}

/** What a repair would do, or has done. */
export interface RepairReport {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  /** Whether there is anything to repair. */
  readonly isNeeded: boolean
  /** Whether it was repaired; false for a dry run. */
  readonly isDone: boolean
  /** Why CURRENT and the MANIFEST are written again. */
  readonly manifestProblem?: string
  /** Whether levels are assigned again, because no MANIFEST describes them. */
  readonly isRebuilt: boolean
  /** Why the logs are not left to the next `open`. */
  readonly logProblem?: string
  readonly files: readonly RepairedFile[]
  /** Names of tables of which each group has to be merged into one run. */
  readonly merges: readonly (readonly string[])[]
  /** The stretches that cannot be read; at most a thousand. */
  readonly dropped: readonly Problem[]
  /** How many more there are. */
  readonly moreDropped: number
  /** Folder with the originals of what was replaced. */
  readonly aside?: string
  /** What `verify` says of the repaired database. */
  readonly after?: VerifyReport
}
