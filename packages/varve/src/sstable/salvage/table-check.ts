import { compareBytes, copyBytes, emptyBytes } from '../../base/bytes/bytes.js'
import { compareEnds } from '../../key/key-range.js'
import { maxBoundBytes, maxSequence } from '../../key/limits.js'
import type { RangeTombstone } from '../../key/range-tombstone.js'
import type { BlockCheck } from './block-check.js'
import { EntryCounts } from '../entry-counts.js'
import type { TableProperties } from '../format/properties.js'
import type { Damage, TablePart, TolerantTable } from './tolerant-table.js'

/** The result of checking the sound blocks of a whole table. */
export class TableFindings extends EntryCounts {
  blocks = 0
  /** Lowest and highest distance of a sequence from the base sequence. */
  minDelta = maxSequence
  maxDelta = 0

  /**
   * `damage`: all problems, in no order. Problems of the whole table are reported for the
   * properties.
   */
  constructor(readonly damage: readonly Damage[]) {
    super()
  }

  addBlock(check: BlockCheck): void {
    this.blocks++
    this.addAll(check)
    this.minDelta = Math.min(this.minDelta, check.minDelta)
    this.maxDelta = Math.max(this.maxDelta, check.maxDelta)
  }
}

/**
 * Reads every byte of a table and cross-checks all of it: checksums, the order of entries within
 * and between blocks, hash bytes, separators, the filter, bounds and counts. Yields the size of
 * each block after checking it, so that the caller can do other work in between.
 */
export function* checkTable(table: TolerantTable): Generator<number, TableFindings> {
  const { damage } = table
  const found = new TableFindings(damage)
  const report = (part: TablePart, { offset: start, sizeBytes }: Stretch, what: string): void => {
    damage.push({ part, start, end: start + sizeBytes, what, isUnsupported: false })
  }
  let lastKey: Uint8Array = emptyBytes
  let lastDelta = 0
  for (const block of table.blocks()) {
    const { check } = block
    const order = compareBytes(lastKey, check.firstKey)
    if (order > 0 || (order === 0 && check.firstDelta >= lastDelta)) {
      report('data', block, 'unsorted blocks')
    }
    if (order === 0) found.olderVersions++
    if (check.filterMisses > 0) {
      report('filter', block, `the filter denies keys of the table: ${check.filterMisses}`)
    }
    lastKey = copyBytes(check.lastKey)
    lastDelta = check.lastDelta
    found.addBlock(check)
    yield block.sizeBytes
  }
  const { properties, handles } = table
  if (properties === undefined || handles === undefined || damage.length > 0) return found
  for (const problem of problemsOfWhole(table, properties, found)) {
    report('properties', handles.properties, problem)
  }
  return found
}

interface Stretch {
  readonly offset: number
  readonly sizeBytes: number
}

/** Requires: all parts of the table are readable. */
function* problemsOfWhole(
  { tombstones = [], filter }: TolerantTable,
  properties: TableProperties,
  found: TableFindings,
): Generator<string> {
  yield* found.problemsWith(properties)
  const { rangeDeleteCount, dataBlockCount, filterBitsPerKey, entryCount } = properties
  if (tombstones.length !== rangeDeleteCount) {
    yield `${tombstones.length} instead of ${rangeDeleteCount} as rangeDeleteCount`
  }
  if (found.blocks !== dataBlockCount) {
    yield `${found.blocks} instead of ${dataBlockCount} as dataBlockCount`
  }
  if (filter?.exists !== (filterBitsPerKey > 0 && entryCount > 0)) {
    yield 'an unexpected or missing filter'
  }
  for (const tombstone of tombstones) yield* problemsOfTombstone(tombstone, properties)
  const { min, max } = sequenceBounds(found, tombstones, properties.baseSequence)
  if (min !== properties.minSequence || max !== properties.maxSequence) {
    const { minSequence, maxSequence } = properties
    yield `sequences from ${min} to ${max} instead of ${minSequence} to ${maxSequence}`
  }
}

function* problemsOfTombstone(
  { start, end, sequence }: RangeTombstone,
  { range, minSequence, maxSequence }: TableProperties,
): Generator<string> {
  const isInside = compareBytes(range.start, start) <= 0 && compareEnds(end, range.end) <= 0
  if (!isInside) yield 'a range delete outside the range of the table'
  if (sequence < minSequence || sequence > maxSequence) yield 'a range delete with a wrong sequence'
  if (start.length > maxBoundBytes || (end !== null && end.length > maxBoundBytes)) {
    yield 'a range delete with a bound longer than any key'
  }
}

function sequenceBounds(
  found: TableFindings,
  tombstones: readonly RangeTombstone[],
  baseSequence: number,
): { min: number; max: number } {
  let min = maxSequence
  let max = 0
  if (found.entryCount > 0) {
    min = baseSequence + found.minDelta
    max = baseSequence + found.maxDelta
  }
  for (const { sequence } of tombstones) {
    min = Math.min(min, sequence)
    max = Math.max(max, sequence)
  }
  return { min, max }
}
