import type { CountedEngine } from './counted-engine.js'
import { measureLog } from './log-measures.js'
import type { Measurement } from './measurement.js'
import { measureMemTable } from './memtable-measures.js'
import { measureTable } from './table-measures.js'

/** Measures every operation at one size: a power of ten, at least 1000. Counts steps, not time. */
export async function measureAt(engine: CountedEngine, size: number): Promise<Measurement[]> {
  return [
    ...(await measureLog(engine, size)),
    ...(await measureMemTable(engine, size)),
    ...(await measureTable(engine, size)),
  ]
}
