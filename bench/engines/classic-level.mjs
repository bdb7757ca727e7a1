import { ClassicLevel } from 'classic-level'
import { bloomBitsPerKey, cacheBytes, writeBufferBytes } from './driver.mjs'
import { installedVersion } from './index.mjs'
import { scanLevel } from './level-scan.mjs'

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
    scan: (range, visit) => scanLevel(db, range, visit),
    settle: () => db.compactRange('\x00', '\x7f'),
    close: () => db.close(),
  }
}
