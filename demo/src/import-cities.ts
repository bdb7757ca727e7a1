import { Progress, formatByteRate, formatCounted, formatDuration, formatRate } from '@varve/cli'
import type { BatchOperation } from 'varve'
import { cityKey, loadCities, type Cities, type City } from './city.js'

const batchCount = 1000

/** Behind every city; there once all of them are, so that an import that was interrupted goes again. */
const importedMark = '~imported'

/** The keys of cities. */
export const cityRange = { lt: '~' }

export function isImported(db: Cities): Promise<boolean> {
  return db.has(importedMark)
}

/** Writes every city of the world, a batch at a time. */
export async function importCities(db: Cities): Promise<void> {
  const cities = loadCities()
  const progress = new Progress({ label: 'importing', total: cities.length, unit: 'records' })
  const userBytesBefore = db.stats().bytes.user
  const writtenBytes = () => db.stats().bytes.user - userBytesBefore
  const startMs = performance.now()
  let records = 0
  while (records < cities.length) {
    const operations = cities.slice(records, records + batchCount).map(putCity)
    await db.batch(operations)
    records += operations.length
    progress.update(records, writtenBytes())
  }
  await db.put(importedMark, { ...cities[0], name: importedMark })
  const durationMs = performance.now() - startMs
  progress.stop(records, writtenBytes())
  console.log(
    `imported ${formatCounted(records, 'city', 'cities')} in ${formatDuration(durationMs)}: ` +
      `${formatRate(records, durationMs, 'records')}, ${formatByteRate(writtenBytes(), durationMs)}`,
  )
}

function putCity(city: City): BatchOperation<string, City> {
  return { type: 'put', key: cityKey(city), value: city }
}
