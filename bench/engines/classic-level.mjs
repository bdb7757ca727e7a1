import { ClassicLevel } from 'classic-level'
import { bloomBitsPerKey, cacheBytes, shortRange, writeBufferBytes } from './driver.mjs'
import { installedVersion } from './index.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory) {
  const db = new ClassicLevel(directory, {
    writeBufferSize: writeBufferBytes,
    cacheSize: cacheBytes,
  })
  await db.open()
  return {
    version: installedVersion('classic-level'),
    settings: `Snappy; the binding fixes the Bloom filter at ${bloomBitsPerKey} bits`,
    put: (key, value) => db.put(key, value),
    batch: (entries) => db.batch(entries),
    putDurable: (key, value) => db.put(key, value, { sync: true }),
    del: (key) => db.del(key),
    get: (key) => db.get(key),
    getSync: (key) => db.getSync(key),
    async scan(range, visit) {
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
    },
    settle: () => db.compactRange('\x00', '\x7f'),
    close: () => db.close(),
  }
}
