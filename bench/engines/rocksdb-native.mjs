import RocksDB from 'rocksdb-native'
import { bloomBitsPerKey, shortRange, writeBufferBytes } from './driver.mjs'
import { installedVersion } from './index.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory) {
  const db = new RocksDB(directory, {
    filterPolicy: new RocksDB.BloomFilterPolicy(bloomBitsPerKey),
    writeBufferSize: writeBufferBytes,
  })
  await db.ready()
  return {
    version: installedVersion('rocksdb-native'),
    settings:
      'no setting for the size of the cache, none to sync a write; keys and values are bytes',
    put: (key, value) => db.put(key, value),
    async batch(entries) {
      const batch = db.write({ capacity: entries.length, autoDestroy: true })
      for (const { key, value } of entries) batch.tryPut(key, value)
      await batch.flush()
    },
    del: (key) => db.delete(key),
    async get(key) {
      const value = await db.get(key)
      return value === null ? undefined : value.toString()
    },
    async scan({ limit = Infinity, ...range }, visit) {
      const capacity = Math.min(limit, shortRange)
      for await (const { key, value } of db.iterator(range, { limit, capacity })) {
        visit(key.toString(), value.toString())
      }
    },
    async settle() {
      await db.flush()
      await db.compactRange()
    },
    close: () => db.close(),
  }
}
