import { invalidArgument } from '../base/errors.js'
import type {
  CompactionOptions,
  CompactionPolicy,
  CompactionSetting,
} from '../compaction/pickers/compaction-options.js'
import { resolveSetting } from '../compaction/pickers/resolve-compaction.js'
import type { FilterAllocation } from '../compaction/jobs/filter-allocation.js'
import { maxKeys } from './key-lists.js'

const MiB = 1024 * 1024

/** Options of `simulate`. */
export interface SimulateOptions {
  /** Default 'leveled'. */
  readonly compaction?: CompactionPolicy | CompactionOptions
  /** Records written first, each key once. 1 to 2^31; default 1,000,000. */
  readonly records?: number
  /** Order of their keys. Default 'random'. */
  readonly order?: 'random' | 'sorted'
  /** Writes that follow, to keys drawn at random. Default: as many as records. */
  readonly overwrites?: number
  /** Share of these that delete. 0 to 1; default 0. */
  readonly deletes?: number
  /**
   * Point reads for each of these writes, and scans of 50 entries: what 'adaptive' decides by. 0 to
   * 10^6; default 0.
   */
  readonly gets?: number
  readonly scans?: number
  /** Key and value together. Default 116. */
  readonly entryBytes?: number
  /** As in `open`. Default 64 MiB. */
  readonly memtableBytes?: number
  /** As in `open`. Default 32 MiB. */
  readonly tableBytes?: number
  /** As in `open`. Default 10. */
  readonly filterBitsPerKey?: number
  /** As in `open`. Default 'monkey'. */
  readonly filterAllocation?: FilterAllocation
  /** The same seed gives the same result. Default 1. */
  readonly seed?: number
}

export type ResolvedSimulation = Required<Omit<SimulateOptions, 'compaction'>> & {
  readonly compaction: CompactionSetting
}

/** Throws INVALID_ARGUMENT that names the option and what it may be. */
export function resolveSimulation(given: SimulateOptions): ResolvedSimulation {
  const { order = 'random', deletes = 0, gets = 0, scans = 0 } = given
  const { filterAllocation = 'monkey' } = given
  if (order !== 'random' && order !== 'sorted') throw invalid('order', "'random' or 'sorted'")
  if (!(deletes >= 0 && deletes <= 1)) throw invalid('deletes', 'a number from 0 to 1')
  for (const [name, value] of Object.entries({ gets, scans })) {
    const isValid = value >= 0 && value <= 1e6
    if (!isValid) throw invalid(name as 'gets' | 'scans', 'a number from 0 to 1000000')
  }
  if (filterAllocation !== 'monkey' && filterAllocation !== 'uniform') {
    throw invalid('filterAllocation', "'monkey' or 'uniform'")
  }
  const records = integer(given, 'records', 1_000_000, 1, maxKeys)
  const memtableBytes = integer(given, 'memtableBytes', 64 * MiB, 1024, 1024 * MiB)
  return {
    compaction: resolveSetting(given.compaction, memtableBytes),
    records,
    order,
    overwrites: integer(given, 'overwrites', records, 0, 2 ** 40),
    deletes,
    gets,
    scans,
    entryBytes: integer(given, 'entryBytes', 116, 1, MiB),
    memtableBytes,
    tableBytes: integer(given, 'tableBytes', 32 * MiB, 1024, 4096 * MiB),
    filterBitsPerKey: integer(given, 'filterBitsPerKey', 10, 0, 32),
    filterAllocation,
    seed: integer(given, 'seed', 1, 0, 2 ** 32),
  }
}

function integer(
  given: SimulateOptions,
  name: Exclude<keyof SimulateOptions, 'compaction' | 'order' | 'filterAllocation'>,
  fallback: number,
  low: number,
  high: number,
): number {
  const value = given[name] ?? fallback
  if (Number.isInteger(value) && value >= low && value <= high) return value
  throw invalid(name, `a whole number from ${low} to ${high}`)
}

function invalid(name: keyof SimulateOptions, allowed: string) {
  return invalidArgument(`'${name}' must be ${allowed}`, name)
}
