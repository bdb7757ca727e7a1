import type { OpenOptions } from '../../../db/api.js'
import { type BinaryDatabase, openBinary } from '../../harness/comparison.js'

/** Something of which there is very much. */
export interface Limit {
  /** How much of it: in the tests, and by command. */
  readonly size: { readonly small: number; readonly full: number }
  /** What the process may take of memory, all in all, in MiB. */
  readonly maxMiB: (size: number) => number
  /** Throws when something is wrong. Nothing is open when it ends. */
  readonly run: (directory: string, size: number) => Promise<void>
}

export const MiB = 1024 * 1024

/** What the process takes with nothing in the database: 90 in Node 20, 40 more in later ones. */
export const baseMiB = 160

/** Budgets so small that whatever grows beyond them shows. */
export const smallBudgets: OpenOptions = {
  memtableBytes: 4 * MiB,
  cacheBytes: 4 * MiB,
  tableBytes: 4 * MiB,
}

/** Three memtables, the cache, and what flushes and compactions work with. */
export const budgetMiB = 60

export async function withDatabase<T>(
  directory: string,
  options: OpenOptions,
  use: (db: BinaryDatabase) => Promise<T>,
): Promise<T> {
  const db = await openBinary(directory, options)
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}
