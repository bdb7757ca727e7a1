import { VarveError } from '../base/errors.js'
import type { ReadableFile, WritableFile } from '../fs/file-system.js'

/** A table opened for reading. */
export interface TableFile extends ReadableFile {
  /** True: `read` fails with UNSUPPORTED; only `readAsync` works. */
  readonly isAsyncOnly?: boolean
}

/**
 * The tables of one database, by file number. Only a store knows where tables are and how their
 * files are named, so tables can be kept where they cannot be read synchronously.
 *
 * Contract, which one suite tests for every implementation:
 * - A table is created under a temporary name. `open` and `list` see it once it is published.
 * - Published tables never change, and file numbers are never used twice.
 * - Failures are thrown as VarveError `IO`, with `systemCode` if there is one.
 *
 * Lives: as long as the database is open. Holds no files itself.
 */
export interface TableStore {
  /**
   * Whether `open` works for a table. If not, await its opening and the reads of its blocks. The
   * answer may change when the table is moved. True for a table that does not exist.
   */
  canOpenNow(fileNumber: number): boolean
  /** Opens a published table. Throws UNSUPPORTED unless `canOpenNow`; IO. */
  open(fileNumber: number): TableFile
  /** Opens a published table without blocking the thread. Rejects with IO. */
  openAsync(fileNumber: number): Promise<TableFile>
  /** Creates a table under its temporary name. Fails with `EEXIST` if that exists. */
  create(fileNumber: number): WritableFile
  /**
   * Gives tables their final names, durably, in order. Requires: their content is synced.
   *
   * Every name created before the call is durable before the first final name appears. Log replay
   * relies on it.
   */
  publish(fileNumbers: readonly number[]): void
  /** Removes tables that were created for a job that failed, published or not. Never throws. */
  discard(fileNumbers: readonly number[]): void
  /** Removes a published table without blocking the thread. Files that are open stay readable. */
  remove(fileNumber: number): Promise<void>
  /**
   * Gives a table a second name in the local file system. Fails with IO if the file system cannot
   * link the two places, and with UNSUPPORTED for a table that is not local.
   */
  link(fileNumber: number, path: string): void
  /** Numbers of the published tables, in no particular order. */
  list(): number[]
  /** The name of a table for errors and reports. */
  nameOf(fileNumber: number): string
}

/** The error of a synchronous read of a table that can only be read asynchronously. */
export function asyncOnlyError(table: string, whatToDo: string): VarveError {
  return new VarveError('UNSUPPORTED', `${table} can only be read asynchronously; ${whatToDo}`)
}
