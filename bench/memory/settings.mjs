export const engineNames = ['varve', 'classic-level', 'rocksdb', 'lmdb', 'db_bench']
export const datasets = ['synthetic', 'cities']
export const encodings = ['utf8', 'binary']

export const valueBytes = 400
export const bloomBitsPerKey = 10
export const rangeLength = 50

/** How an engine divides the memory. The rest is for Node and the system's cache. */
export function sizesFor(memoryBytes) {
  return { cacheBytes: memoryBytes / 4, writeBufferBytes: memoryBytes / 16 }
}
