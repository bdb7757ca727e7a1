import type { TableStore } from '../../store/table-store.js'

/** The file numbers that are reserved for a job. */
interface SetAside {
  readonly firstFileNumber: number
  readonly fileNumberCount: number
}

/**
 * Removes the tables of a job that failed or whose tables are not needed. Never throws. Requires:
 * no edit names the tables, and nothing is still writing them.
 */
export function removeLeftovers(
  store: TableStore,
  { firstFileNumber, fileNumberCount }: SetAside,
): void {
  store.discard(Array.from({ length: fileNumberCount }, (_, i) => firstFileNumber + i))
}
