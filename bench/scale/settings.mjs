import { bloomBitsPerKey, cacheBytes, writeBufferBytes } from '../engines/driver.mjs'

/** Varve and db_bench alike. */
export { bloomBitsPerKey, cacheBytes, writeBufferBytes }

export const batchSize = 1000

/** How records come: their name, and how many a write holds. */
export const ways = { batches: batchSize, puts: 1 }

export const varveOptions = {
  keyEncoding: 'binary',
  valueEncoding: 'binary',
  memtableBytes: writeBufferBytes,
  cacheBytes,
  filterBitsPerKey: bloomBitsPerKey,
}
