// The adapter in the manner of Level, with the calls that classic-level is measured by.
import { readFileSync } from 'node:fs'
import { VarveLevel } from '../../packages/level/dist/index.js'
import { bloomBitsPerKey, cacheBytes, writeBufferBytes } from './driver.mjs'
import { scanLevel } from './level-scan.mjs'

/** @returns {Promise<import('./driver.mjs').Driver>} */
export async function open(directory) {
  const manifest = new URL('../../packages/level/package.json', import.meta.url)
  const db = new VarveLevel(directory, {
    writeBufferSize: writeBufferBytes,
    cacheSize: cacheBytes,
    varve: { filterBitsPerKey: bloomBitsPerKey },
  })
  await db.open()
  return {
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    settings: '@varve/level: Varve with the API of classic-level; no compression',
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
