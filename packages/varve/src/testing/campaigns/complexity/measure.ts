import type { CountedEngine } from './counted-engine.js'
import { measureLog } from './log-measures.js'
import type { Measurement } from './measurement.js'
import { measureMemTable } from './memtable-measures.js'
import { measureTable } from './table-measures.js'

/** Every operation at one size, which must be a power of ten, 1000 at least. Counts, and no clock. */
export async function measureAt(engine: CountedEngine, size: number): Promise<Measurement[]> {
  return [
    ...(await measureLog(engine, size)),
    ...(await measureMemTable(engine, size)),
    ...(await measureTable(engine, size)),
  ]
}
