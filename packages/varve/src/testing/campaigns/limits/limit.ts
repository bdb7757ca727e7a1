import type { OpenOptions } from '../../../db/api.js'
import type { BinaryDatabase } from '../../harness/comparison.js'
import { openBinary } from './published.js'

/** A test with an extreme amount of something. */
export interface Limit {
  /** The amount: `small` in the tests, `full` from the command line. */
  readonly size: { readonly small: number; readonly full: number }
  /** The memory limit of the whole process, in MiB. */
  readonly maxMiB: (size: number) => number
  /** Throws if something is wrong. Leaves nothing open. */
  readonly run: (directory: string, size: number) => Promise<void>
}

export const MiB = 1024 * 1024

/** Memory of a process with an empty database: 90 MiB in Node 20, 40 more in later versions. */
export const baseMiB = 160

/** Budgets so small that anything beyond them shows. */
export const smallBudgets: OpenOptions = {
  memtableBytes: 4 * MiB,
  cacheBytes: 4 * MiB,
  tableBytes: 4 * MiB,
}

/** Three memtables, the cache, and the buffers of flushes and compactions. */
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
