import type { OpenOptions as EngineOpenOptions } from 'varve'
import type { EngineOptions, OpenOptions } from './level-types.js'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

type Adjustable = 'cacheBytes' | 'memtableBytes' | 'blockBytes' | 'tableBytes' | 'maxOpenTables'

/**
 * Which option of classic-level is which of Varve's, and between what limits; beyond them it is
 * cut.
 */
const sizes: readonly [keyof OpenOptions, Adjustable, low: number, high: number][] = [
  ['cacheSize', 'cacheBytes', 0, 1024 * GiB],
  ['writeBufferSize', 'memtableBytes', 64 * KiB, GiB],
  ['blockSize', 'blockBytes', 256, MiB],
  ['maxFileSize', 'tableBytes', 64 * KiB, 4 * GiB],
  ['maxOpenFiles', 'maxOpenTables', 16, 100_000],
]

/**
 * What to open the engine with. As with classic-level, a size out of range is brought into it, and
 * unknown options are ignored, because layers above pass theirs down too. Options in `varve`
 * goes to the engine as it is, which is strict.
 */
export function engineOptionsOf(options: OpenOptions): EngineOptions & EngineOpenOptions {
  const result: EngineOpenOptions = {
    createIfMissing: options.createIfMissing !== false,
    errorIfExists: options.errorIfExists === true,
  }
  for (const [name, engineName, low, high] of sizes) {
    const value = options[name]
    if (typeof value !== 'number' || Number.isNaN(value)) continue
    result[engineName] = Math.min(high, Math.max(low, Math.floor(value)))
  }
  if (options.compression === false) result.codec = 'none'
  return { ...result, ...options.varve }
}
