import type { TableStore } from '../../store/table-store.js'

/** File numbers reserved for a job. */
interface SetAside {
  readonly firstFileNumber: number
  readonly fileNumberCount: number
}

/**
 * Removes every table of a job that failed or whose tables are not needed. Never throws.
 * Requires: no edit names the tables, and nothing still writes them.
 */
export function removeLeftovers(
  store: TableStore,
  { firstFileNumber, fileNumberCount }: SetAside,
): void {
  store.discard(Array.from({ length: fileNumberCount }, (_, i) => firstFileNumber + i))
}
