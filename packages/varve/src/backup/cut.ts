import { logName, tableName } from '../version/file-names.js'
import type { VersionEdit } from '../version/version-edit.js'
import type { ReplayedLog } from '../wal/replay.js'

/**
 * One moment of a database, to be copied: the tables of all keyspaces, and what only the logs hold.
 * Whoever made it sees to it that its files stay until they are copied.
 */
export interface Cut {
  readonly directory: string
  /** Makes the Versions of that moment from nothing. Logs below its log number are not needed. */
  readonly edit: VersionEdit & { readonly logNumber: number; readonly nextFileNumber: number }
  /** Up to its limit, or its end, each holds whole records. */
  readonly logs: readonly ReplayedLog[]
  /** Of the last commit in it. */
  readonly sequence: number
}

/** Numbers of the tables in it. */
export function tablesOf({ edit }: Cut): number[] {
  return (edit.added ?? []).map(({ table }) => table.fileNumber)
}

/** Names of all files that it is copied from. */
export function filesOf(cut: Cut): string[] {
  return [...tablesOf(cut).map(tableName), ...cut.logs.map(({ logNumber }) => logName(logNumber))]
}
