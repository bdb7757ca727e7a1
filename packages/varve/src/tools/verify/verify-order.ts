import { compareRanges, copyBytes, printableKey } from '../../base/bytes/bytes.js'
import type { InternalIterator } from '../../entry/internal-iterator.js'
import { rangesOverlap } from '../../key/key-range.js'
import { maxSequence } from '../../key/limits.js'
import type { RangeTombstones } from '../../key/range-tombstone.js'
import type { Levels } from '../../version/version.js'
import { type Run, runsOf, TableRuns } from '../directory/table-runs.js'
import type { Site } from '../directory/tool-options.js'

/** The most wrong keys to report per keyspace; where one is, thousands may be. */
const maxWrongKeys = 20

/**
 * Says for which keys a read would stop too early: it looks into one run after the other, newest
 * first, and takes what it finds first. So of every key the newest version must be in the first run
 * that has the key, and no run before that may hold a range delete that is older than it. Yields
 * bytes read.
 *
 * Where the bounds of tables rule this out, as they do in most databases between most levels,
 * nothing is read. Requires: the tables are sound.
 */
export function* checkOrder(site: Site, levels: Levels): Generator<number, string[]> {
  const runs = runsOf(levels)
  if (!runs.some((run, i) => runs.slice(i + 1).some((older) => mayHide(run, older)))) return []
  const tables = new TableRuns(site)
  const iterators: InternalIterator[] = []
  try {
    const tombstones = runs.map((run) => tables.rangeTombstones(run))
    for (const run of runs) iterators.push(tables.iterate(run))
    for (const iterator of iterators) iterator.seekToFirst()
    return yield* wrongKeys(iterators, tombstones)
  } finally {
    for (const iterator of iterators) iterator.close()
  }
}

/** Whether a run above could hold something older than the run below. */
function mayHide(above: Run, below: Run): boolean {
  return above.some((a) =>
    below.some((b) => a.minSequence <= b.maxSequence && rangesOverlap(a.range, b.range)),
  )
}

function* wrongKeys(
  iterators: readonly InternalIterator[],
  tombstones: readonly RangeTombstones[],
): Generator<number, string[]> {
  const wrong: string[] = []
  while (wrong.length < maxWrongKeys) {
    const first = smallest(iterators)
    if (first === undefined) break
    const key = copyBytes(first.keyBytes, first.keyStart, first.keyEnd)
    let top = -1
    let topSequence = 0
    let newest = 0
    let newestRun = -1
    let bytes = 0
    for (const [run, iterator] of iterators.entries()) {
      if (!isAt(iterator, key)) continue
      if (top < 0) {
        top = run
        topSequence = iterator.sequence
      }
      if (iterator.sequence > newest) {
        newest = iterator.sequence
        newestRun = run
      }
      while (isAt(iterator, key)) {
        bytes += iterator.keyEnd - iterator.keyStart + iterator.valueEnd - iterator.valueStart
        iterator.next()
      }
    }
    if (topSequence < newest) {
      wrong.push(`key ${printableKey(key)}: #${topSequence} hides #${newest}`)
    }
    for (let run = 0; run < newestRun; run++) {
      const covering = tombstones[run].coveringSequence(key, 0, key.length, maxSequence)
      if (covering === 0 || covering >= newest) continue
      wrong.push(`key ${printableKey(key)}: range delete #${covering} hides #${newest}`)
    }
    yield bytes
  }
  return wrong
}

function smallest(iterators: readonly InternalIterator[]): InternalIterator | undefined {
  let first: InternalIterator | undefined
  for (const iterator of iterators) {
    if (iterator.valid && (first === undefined || isBefore(iterator, first))) first = iterator
  }
  return first
}

function isBefore(a: InternalIterator, b: InternalIterator): boolean {
  return compareRanges(a.keyBytes, a.keyStart, a.keyEnd, b.keyBytes, b.keyStart, b.keyEnd) < 0
}

function isAt(iterator: InternalIterator, key: Buffer): boolean {
  const { keyBytes, keyStart, keyEnd } = iterator
  return iterator.valid && compareRanges(keyBytes, keyStart, keyEnd, key, 0, key.length) === 0
}
