import type * as MemTableModule from '../../../memtable/memtable.js'
import type * as PointLookupModule from '../../../entry/point-lookup.js'
import { ValueKind } from '../../../key/value-kind.js'
import type { MemTable } from '../../../memtable/memtable.js'
import type { CountedEngine } from './counted-engine.js'
import { type Counts, type Growth, type Measurement, perTime } from './measurement.js'
import { ScatteredKeys, valueBytes } from './scattered-keys.js'

const sampleSize = 1000
const scanLength = 100

/** Measures a memtable filled to its capacity of `size` entries. */
export async function measureMemTable(engine: CountedEngine, size: number): Promise<Measurement[]> {
  const { PointLookup } = await engine.load<typeof PointLookupModule>('entry/point-lookup.js')
  const keys = new ScatteredKeys(size)
  const memtable = await newMemTable(engine, size + sampleSize)
  const insert = (i: number, kind: number): void => {
    const { value } = keys
    const key = keys.present(i)
    const length = kind === ValueKind.put ? value.length : 0
    memtable.insert(memtable.maxSequence + 1, kind, key, 0, key.length, value, 0, length)
  }
  for (let i = 0; i < size - sampleSize; i++) insert(i, ValueKind.put)
  const lookup = new PointLookup()
  const get = (key: Buffer): void => {
    lookup.start(key, key.length, memtable.maxSequence, true)
    memtable.get(lookup)
  }
  /** Spreads the samples evenly over all keys. */
  const step = Math.floor(size / sampleSize)
  const sample = (body: (i: number) => void): Counts => {
    const work = engine.count(() => {
      for (let i = 0; i < sampleSize; i++) body(i * step)
    })
    return perTime(work, sampleSize)
  }

  const puts = sample((i) => insert(size - sampleSize + i / step, ValueKind.put))
  const gets = sample((i) => get(keys.present(i)))
  const absentGets = sample((i) => get(keys.absent(i)))
  const deletes = sample((i) => insert(i, ValueKind.delete))
  const iterator = memtable.iterator()
  const order = engine.count(() => {
    for (iterator.seekToFirst(); iterator.valid; iterator.next());
  })
  const scans = sample((i) => {
    iterator.seek(keys.present(i))
    for (let left = scanLength; left > 0 && iterator.valid; left--) iterator.next()
  })
  iterator.close()
  const told = (operation: string, theory: string, growth: Growth, counts: Counts) => ({
    operation,
    theory,
    growth,
    size,
    counts,
  })
  return [
    told('memtable put', 'O(1)', 'constant', puts),
    told('memtable get', 'O(1)', 'constant', gets),
    told('memtable get, absent', 'O(1)', 'constant', absentGets),
    told('memtable delete', 'O(1)', 'constant', deletes),
    told('memtable order and walk, per entry', 'O(n log n)', 'logarithmic', perTime(order, size)),
    told(`memtable scan of k = ${scanLength}`, 'O(log n + k)', 'logarithmic', scans),
  ]
}

/** A memtable with a capacity of exactly `entries` entries. */
export async function newMemTable(engine: CountedEngine, entries: number): Promise<MemTable> {
  const { MemTable } = await engine.load<typeof MemTableModule>('memtable/memtable.js')
  return new MemTable(entries * MemTable.entryBytes(new ScatteredKeys(1).key.length, valueBytes))
}
