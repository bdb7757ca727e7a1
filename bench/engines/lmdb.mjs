import { open as openLmdb } from 'lmdb'
import { installedVersion } from './index.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory, { durable }) {
  const db = openLmdb({ path: directory, encoding: 'string', noSync: !durable })
  return {
    version: installedVersion('lmdb'),
    settings: durable
      ? 'its defaults: every transaction is flushed; awaits `flushed`'
      : 'noSync (weaker than the others: an OS crash may damage it); memory map instead of a cache',
    put: (key, value) => db.put(key, value),
    putSync: (key, value) => db.putSync(key, value),
    // Transactions run on a thread of lmdb's own and settle together; slower when done
    // synchronously.
    batch: (entries) =>
      db.batch(() => {
        for (const { key, value } of entries) db.put(key, value)
      }),
    async putDurable(key, value) {
      await db.put(key, value)
      await db.flushed
    },
    del: (key) => db.remove(key),
    get: (key) => db.get(key),
    getSync: (key) => db.get(key),
    scan({ gte, limit, reverse }, visit) {
      for (const { key, value } of db.getRange({ start: gte, limit, reverse })) visit(key, value)
    },
    settle: () => db.flushed,
    close: () => db.close(),
  }
}
