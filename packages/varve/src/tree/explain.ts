import { copyBytes } from '../base/bytes/bytes.js'
import type { Clock } from '../base/clock.js'
import { rangeContainsSlice } from '../key/key-range.js'
import { LookupState, PointLookup } from '../entry/point-lookup.js'
import { ValueKind } from '../key/value-kind.js'
import type { MemTable } from '../memtable/memtable.js'
import type { TableCache } from '../sstable/table-cache.js'
import { notInMemory, type TableExplanation } from '../sstable/table-reader.js'
import type { TableMetadata } from '../version/table-metadata.js'
import { levelCount } from '../version/version.js'
import type { ReadState } from './read-state.js'

/** The steps of one point read, from the newest place to the oldest. */
export interface Explanation {
  key: Uint8Array
  outcome: 'found' | 'deleted' | 'expired' | 'absent'
  steps: ExplainStep[]
}

/** One place that was searched. Tables whose range excludes the key are left out. */
export interface ExplainStep extends Partial<TableExplanation> {
  place: 'memtable' | 'immutable memtable' | 'table'
  /** Set for a table. */
  level?: number
  fileNumber?: number
  /** Sequence of the deciding entry or range tombstone. */
  sequence?: number
  verdict: 'found' | 'deleted' | 'expired' | 'range-deleted' | 'absent'
  /** With `detail`: milliseconds that the whole step took. */
  durationMs?: number
}

/** Options of `explain`. */
export interface ExplainOptions {
  /**
   * Also return the bits of each filter, each comparison in each index, and times. Default: false.
   */
  detail?: boolean
}

/**
 * Reads `key` as `Tree.get` does and records each step. Blocks while it reads. Throws UNSUPPORTED
 * for a table or block that can only be read asynchronously and is not in memory.
 */
export function explainGet(
  key: Buffer,
  visibleSequence: number,
  state: ReadState,
  tables: TableCache,
  clock: Clock,
  { detail = false }: ExplainOptions,
): Explanation {
  const lookup = new PointLookup(clock)
  lookup.start(key, key.length, visibleSequence, true)
  const steps: ExplainStep[] = []
  for (const ask of placesFor(lookup, state, tables, detail ? clock : undefined)) {
    const startMs = detail ? clock.monotonicMs() : 0
    const step = ask()
    steps.push(detail ? { ...step, durationMs: clock.monotonicMs() - startMs } : step)
    if (step.verdict !== 'absent') break
  }
  const last = steps.at(-1)?.verdict ?? 'absent'
  const outcome = last === 'range-deleted' ? 'deleted' : last
  return { key: copyBytes(key), outcome, steps }
}

function* placesFor(
  lookup: PointLookup,
  state: ReadState,
  tables: TableCache,
  detailClock: Clock | undefined,
): Generator<() => ExplainStep> {
  yield () => askMemTable(state.memtable, 'memtable', lookup)
  for (const memtable of state.immutables) {
    yield () => askMemTable(memtable, 'immutable memtable', lookup)
  }
  for (let level = 0; level < levelCount; level++) {
    for (const table of state.version.levels[level]) {
      if (!rangeContainsSlice(table.range, lookup.key, 0, lookup.keyLength)) continue
      yield () => askTable(table, level, lookup, tables, detailClock)
    }
  }
}

function askMemTable(
  memtable: MemTable,
  place: 'memtable' | 'immutable memtable',
  lookup: PointLookup,
): ExplainStep {
  memtable.get(lookup)
  return { place, ...verdictOf(lookup, memtable.coveringSequence(lookup)) }
}

function askTable(
  table: TableMetadata,
  level: number,
  lookup: PointLookup,
  tables: TableCache,
  detailClock: Clock | undefined,
): ExplainStep {
  const { key, keyLength, visibleSequence } = lookup
  const reader = tables.find(table)
  if (reader === undefined) throw notInMemory(tables.missing(table).path)
  const covering = reader.rangeTombstones.coveringSequence(key, 0, keyLength, visibleSequence)
  const searched = lookup.key.subarray(0, keyLength)
  const explanation =
    detailClock === undefined
      ? reader.explain(searched)
      : reader.explainInDetail(searched, detailClock)
  if (table.entryCount > 0) reader.get(lookup)
  return {
    place: 'table',
    level,
    fileNumber: table.fileNumber,
    ...explanation,
    ...verdictOf(lookup, covering),
  }
}

function verdictOf(
  lookup: PointLookup,
  covering: number,
): Pick<ExplainStep, 'verdict' | 'sequence'> {
  const isFound = lookup.state === LookupState.found
  if (covering > 0 && (!isFound || covering > lookup.sequence)) {
    return { verdict: 'range-deleted', sequence: covering }
  }
  if (!isFound) return { verdict: 'absent' }
  return { verdict: verdicts.get(lookup.kind) ?? 'deleted', sequence: lookup.sequence }
}

const verdicts: ReadonlyMap<number, ExplainStep['verdict']> = new Map([
  [ValueKind.put, 'found'],
  [ValueKind.putWithExpiry, 'expired'],
])
