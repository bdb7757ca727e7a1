import { keyBytes, valueBytes } from './load.mjs'

const KiB = 1024
const MiB = 1024 * KiB

/** Small tables, so that many of them exist although the load fills them in a minute. */
const smallTableBytes = 64 * KiB

/**
 * Options of the database, and the number of keys. With `tables`: that many small tables, all of
 * them open, within a budget of `memory` MiB.
 */
export function shapeOf({ tables, memory }) {
  const encodings = { keyEncoding: 'binary', valueEncoding: 'binary' }
  if (tables === undefined) {
    const sizes = { memtableBytes: 2 * MiB, tableBytes: 2 * MiB, cacheBytes: 8 * MiB }
    return { options: { ...encodings, ...sizes }, keyCount: 100_000 }
  }
  const count = Number(tables)
  const sizes = { memoryBytes: Number(memory) * MiB, tableBytes: smallTableBytes }
  return {
    options: { ...encodings, ...sizes, maxOpenTables: 2 * count },
    keyCount: Math.ceil((count * smallTableBytes) / (keyBytes + valueBytes)),
  }
}
