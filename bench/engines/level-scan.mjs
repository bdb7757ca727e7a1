import { shortRange } from './driver.mjs'

/** The fastest walk over a range that databases in the manner of Level have. */
export async function scanLevel(db, range, visit) {
  if (range.limit <= shortRange) {
    for (const [key, value] of await db.iterator(range).all()) visit(key, value)
    return
  }
  const iterator = db.iterator(range)
  for (;;) {
    const entries = await iterator.nextv(shortRange)
    if (entries.length === 0) break
    for (const [key, value] of entries) visit(key, value)
  }
  await iterator.close()
}
