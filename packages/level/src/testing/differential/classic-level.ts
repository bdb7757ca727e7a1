import { createRequire } from 'node:module'
import type { Operation, Place } from './operation.js'
import type { AnyLevel } from './places.js'

type ClassicLevel = new (location: string) => AnyLevel

/** Undefined where only the root is installed: native code is left to the benchmarks. */
export function classicLevel(): ClassicLevel | undefined {
  const peers = new URL('../../../../../bench/package.json', import.meta.url)
  const load = createRequire(process.env['VARVE_PEERS'] ?? peers)
  try {
    return (load('classic-level') as { ClassicLevel: ClassicLevel }).ClassicLevel
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * The operation without what classic-level 3 does wrong: a seek that finds no key aborts the
 * process, and `clear` of a range that holds only the empty key deletes nothing.
 */
export function soundInClassicLevel(operation: Operation): Operation {
  const { name } = operation
  const isUnsound = name === 'seek' || (name === 'put' && isEmptyAt(operation.on, operation))
  if (isUnsound) return { name: 'settle' }
  if (name !== 'batch' && name !== 'chain') return operation
  return { ...operation, items: operation.items.filter((item) => !isEmptyAt(operation.on, item)) }
}

/** Keys of sublevels begin with their prefix. */
function isEmptyAt(on: Place, { key, sublevel }: { key: unknown; sublevel?: Place }): boolean {
  return on === 0 && sublevel === undefined && (key as { length?: number }).length === 0
}
