import { readFileSync } from 'node:fs'
import { open as openDatabase } from '../../packages/varve/dist/index.js'
import { bloomBitsPerKey, cacheBytes, writeBufferBytes } from './driver.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory) {
  const manifest = new URL('../../packages/varve/package.json', import.meta.url)
  const db = await openDatabase(directory, {
    memtableBytes: writeBufferBytes,
    cacheBytes,
    filterBitsPerKey: bloomBitsPerKey,
  })
  return {
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    settings: 'defaults: no compression, background thread',
    put: (key, value) => db.put(key, value),
    putSync: (key, value) => db.putSync(key, value),
    batch: (entries) => db.batch(entries),
    putDurable: (key, value) => db.put(key, value, { sync: true }),
    del: (key) => db.del(key),
    get: (key) => db.get(key),
    getSync: (key) => db.getSync(key),
    scan(range, visit) {
      for (const [key, value] of db.entries(range)) visit(key, value)
    },
    async settle() {
      await db.flush()
      await db.compact()
    },
    close: () => db.close(),
  }
}
