// @nxtedition/rocksdb, the maintained one of the two RocksDB bindings in the manner of Level.
import { RocksLevel } from '@nxtedition/rocksdb'
import { bloomBitsPerKey, cacheBytes } from './driver.mjs'
import { installedVersion } from './index.mjs'
import { scanLevel } from './level-scan.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory) {
  // Without a `compaction` setting the binding leaves the write buffer at RocksDB's own 64 MiB.
  const db = new RocksLevel(directory, {
    cacheSize: cacheBytes,
    filterPolicy: `bloomfilter:${bloomBitsPerKey}`,
  })
  await db.open()
  return {
    version: installedVersion('@nxtedition/rocksdb'),
    settings: 'Zstandard, log too; no way to compact by hand, none to read synchronously',
    put: (key, value) => db.put(key, value),
    batch: (entries) => db.batch(entries),
    putDurable: (key, value) => db.batch([{ type: 'put', key, value }], { sync: true }),
    del: (key) => db.del(key),
    // `get` is this call and an Error object for an absent key.
    get: async (key) => (await db.getMany([key]))[0],
    scan: (range, visit) => scanLevel(db, range, visit),
    settle() {},
    close: () => db.close(),
  }
}
