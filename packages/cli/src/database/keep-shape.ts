import type { BinaryDatabase } from './binary-database.js'

/** The number of tables on level 0 at which the default options stop writes. */
export const maxLevel0Tables = 12

/**
 * Starts no compactions on a database that may have been made with other options: a small write
 * must not rewrite the whole tree to fit the defaults. They start once level 0 holds enough
 * tables to make reads slow.
 *
 * Requires: called right after `open`, in the same turn of the event loop.
 */
export async function keepShape(db: BinaryDatabase): Promise<void> {
  const check = (): void => {
    if (db.levels()[0].tables.length < maxLevel0Tables) return
    db.off('flush', check)
    db.resumeCompaction()
  }
  const paused = db.pauseCompaction()
  db.on('flush', check)
  await paused
  check()
}
