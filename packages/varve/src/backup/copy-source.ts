import { logName, tableName } from '../store/file-names.js'
import type { TableStore } from '../store/table-store.js'
import type { VersionEdit } from '../version/version-edit.js'
import type { ReplayedLog } from '../wal/replay.js'

/**
 * The state of a database between two commits, ready to copy: the tables of all keyspaces, and the
 * commits that only the logs hold. The creator keeps the files until the copy ends.
 */
export interface CopySource {
  readonly directory: string
  readonly store: TableStore
  /** Builds the Versions of that state from nothing. Logs below its log number are not needed. */
  readonly edit: VersionEdit & { readonly logNumber: number; readonly nextFileNumber: number }
  /** Each holds whole records up to its limit, or to its end. */
  readonly logs: readonly ReplayedLog[]
  /** Sequence of the last commit. */
  readonly sequence: number
}

/** File numbers of the tables. */
export function tablesOf({ edit }: CopySource): number[] {
  return (edit.added ?? []).map(({ table }) => table.fileNumber)
}

/** Names of all files to copy. */
export function filesOf(from: CopySource): string[] {
  return [...tablesOf(from).map(tableName), ...from.logs.map(({ logNumber }) => logName(logNumber))]
}
