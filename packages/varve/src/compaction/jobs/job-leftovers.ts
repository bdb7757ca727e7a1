import type { TableStore } from '../../store/table-store.js'

/** File numbers that were set aside for a job. */
interface SetAside {
  readonly firstFileNumber: number
  readonly fileNumberCount: number
}

/**
 * Removes all tables of a job that failed or whose tables are not wanted. Never throws.
 * Requires: no edit names them, and nothing writes them any more.
 */
export function removeLeftovers(
  store: TableStore,
  { firstFileNumber, fileNumberCount }: SetAside,
): void {
  store.discard(Array.from({ length: fileNumberCount }, (_, i) => firstFileNumber + i))
}
