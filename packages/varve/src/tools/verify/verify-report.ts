import type { DirectoryOwner } from '../directory/directory-owner.js'
import type { Problem, Remark } from '../directory/problem.js'

/** A file that was read from its first byte to its last. */
export interface VerifiedFile {
  /** In the directory of the database. */
  readonly name: string
  readonly kind: 'current' | 'manifest' | 'table' | 'log'
  readonly sizeBytes: number
  /** Of a table that the MANIFEST names. */
  readonly level?: number
  /** Entries of a table, operations of a log, edits of a MANIFEST. */
  readonly entries: number
  readonly problems: number
}

/** What `verify` found. */
export interface VerifyReport {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  /**
   * The process that has the database open for writing. Beside one, files that it is writing or
   * about to remove are left out.
   */
  readonly owner?: DirectoryOwner
  /** Whether there is no problem at all. */
  readonly isSound: boolean
  /** The first thousand problems. */
  readonly problems: readonly Problem[]
  /** How many more there are. */
  readonly moreProblems: number
  /** No faults, but worth knowing. */
  readonly remarks: readonly Remark[]
  readonly files: readonly VerifiedFile[]
  readonly totals: VerifyTotals
}

/** How much was read. */
export interface VerifyTotals {
  readonly files: number
  readonly bytes: number
  readonly tables: number
  readonly blocks: number
  /** Entries of tables, deletes included; each was asked of its filter. */
  readonly entries: number
  readonly rangeDeletes: number
  readonly logs: number
  /** Commit groups in logs, and the operations in them. */
  readonly commits: number
  readonly operations: number
}
