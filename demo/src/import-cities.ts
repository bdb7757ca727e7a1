import { Progress } from '@varve/cli'
import type { BatchOperation } from 'varve'
import { cityKey, loadCities, type Cities, type City } from './city.js'

const batchCount = 500

/** After every city; written last, so that an interrupted import starts again. */
const importedMark = '~imported'

/** The keys of cities. */
export const cityRange = { lt: '~' }

export function isImported(db: Cities): Promise<boolean> {
  return db.has(importedMark)
}

/** Writes every city of the world, a batch at a time, and resolves to their number. */
export async function importCities(db: Cities): Promise<number> {
  const cities = shuffled(loadCities())
  const progress = new Progress({ label: 'building', total: cities.length, unit: 'records' })
  const userBytesBefore = db.stats().bytes.user
  const writtenBytes = () => db.stats().bytes.user - userBytesBefore
  let records = 0
  while (records < cities.length) {
    const operations = cities.slice(records, records + batchCount).map(putCity)
    await db.batch(operations)
    records += operations.length
    progress.update(records, writtenBytes())
  }
  await db.put(importedMark, { ...cities[0], name: importedMark })
  progress.stop(records, writtenBytes())
  return records
}

/**
 * In no order, as writes come in practice. Sorted writes would make tables that never overlap and
 * need no merge.
 */
function shuffled(cities: readonly City[]): City[] {
  const result = [...cities]
  let state = 1
  for (let last = result.length - 1; last > 0; last--) {
    // The same order on every machine: a linear congruential generator (Numerical Recipes).
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const other = state % (last + 1)
    const city = result[last]
    result[last] = result[other]
    result[other] = city
  }
  return result
}

function putCity(city: City): BatchOperation<string, City> {
  return { type: 'put', key: cityKey(city), value: city }
}
