import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SampleMessage } from '../../../src/protocol/messages.js'
import { rates, shares } from './figures.js'
import { questionsFor } from './questions.js'

test('a quiet database needs nothing', () => {
  const questions = questionsFor([sample(0), sample(500)])
  assert.deepEqual(
    questions.filter(({ state }) => state !== 'good'),
    [],
  )
})

test('trouble is named, with advice', () => {
  const last = sample(500)
  last.stats.stalls.byCause.level0 = { count: 3, timeMs: 100 }
  last.stats.flushes.failure = 'no space left'
  last.stats.snapshots = 1
  const trouble = questionsFor([sample(0), { ...last, disk: { freeBytes: 1, totalBytes: 100 } }])
    .filter(({ state }) => state !== 'good')
    .map(({ answer }) => answer)
  assert.deepEqual(trouble, [
    'Yes: level0 (3)',
    'no space left',
    '1 snapshot, 0 iterators, 0 transactions',
    '1 B free, 1%',
  ])
})

test('rates are per second, and counters that restart give none', () => {
  const [a, b, c] = [sample(0), sample(500), sample(1000)]
  b.stats.operations.writes = 100
  c.stats.operations.writes = 10
  assert.deepEqual(
    rates([a, b, c], ({ stats }) => stats.operations.writes),
    [200, 0],
  )
  b.stats.cache.hits = 3
  b.stats.cache.misses = 1
  c.stats.cache.hits = 3
  c.stats.cache.misses = 1
  const hitShares = shares(
    [a, b, c],
    ({ stats }) => stats.cache.hits,
    ({ stats }) => stats.cache.misses,
  )
  assert.deepEqual(hitShares, [0.75, null])
})

function sample(atMs: number): SampleMessage {
  const none = { count: 0, timeMs: 0 }
  const stats = {
    bytes: { user: 0, log: 0, flush: 0, compaction: 0, compactionRead: 0 },
    operations: { writes: 0, commits: 0, gets: 0, scans: 0, scannedEntries: 0 },
    cache: { hits: 0, misses: 0, usedBytes: 0, capacityBytes: 1 },
    filters: { probes: 0, useful: 0, falsePositives: 0 },
    memory: { memtables: 0, cache: 0, tables: 0, commitBuffers: 0, total: 0 },
    transactions: { open: 0, commits: 0, conflicts: 0, memoryBytes: 0 },
    stalls: { ...none, byCause: { memtables: none, level0: none, debt: none } },
    flushes: { count: 0, timeMs: 0, failure: undefined },
    compactions: { debtBytes: 0, paused: false },
    snapshots: 0,
    iterators: 0,
    backgroundErrors: 0,
  }
  return {
    atMs,
    stats: structuredClone(stats) as unknown as SampleMessage['stats'],
    memtables: [],
    loopDelayMs: { mean: 0, p99: 0, max: 1 },
    commitBuckets: [],
    residentBytes: 1,
    disk: { freeBytes: 50, totalBytes: 100 },
  }
}
