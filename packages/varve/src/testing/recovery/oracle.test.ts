import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { Comparison } from '../harness/comparison.js'
import { type KeyspaceShape, modelKeyspaces } from '../harness/keyspace-shape.js'
import { fullScale, Workload } from '../kit/workload.js'
import type { CompactionOptions } from '../../compaction/pickers/compaction-options.js'
import type { OpenOptions } from '../../db/api.js'
import { campaignSize } from '../kit/campaign-size.js'
import { firstSeed } from '../../base/testing/seed.js'

const operationCount = campaignSize(400, 800)
const MiB = 1024 * 1024

/** Sizes so small that a few hundred writes cause flushes and compactions over several levels. */
const tiny: OpenOptions = {
  memtableBytes: 64 * 1024,
  tableBytes: 64 * 1024,
  blockBytes: 256,
  maxOpenTables: 16,
  compaction: { policy: 'leveled', l0Trigger: 1, baseBytes: 64 * 1024, sizeRatio: 2 },
}
const threaded: OpenOptions = { ...tiny, background: 'thread' }
const inline: OpenOptions = { ...tiny, background: 'inline' }

const optionSets: Record<string, OpenOptions> = {
  'thread, no cache, reads through the pool': { ...threaded, cacheBytes: 0, coldReads: 'async' },
  'thread, deflate, small cache': {
    ...threaded,
    codec: 'deflate',
    cacheBytes: MiB / 8,
    coldReads: 'async',
    durability: { intervalMs: 1 },
  },
  'thread, synced': { ...threaded, durability: 'sync', cacheBytes: MiB, coldReads: 'sync' },
  'two threads, no filter': {
    ...threaded,
    background: { threads: 2 },
    filterBitsPerKey: 0,
    compaction: { policy: 'leveled', l0Trigger: 2, baseBytes: 128 * 1024, sizeRatio: 2 },
  },
  'thread, one level below': {
    ...threaded,
    compaction: { policy: 'leveled', l0Trigger: 2, maxLevels: 2 },
  },
  'thread, size-tiered': {
    ...threaded,
    compaction: { policy: 'sizeTiered', sizeRatio: 3, l0Trigger: 1 },
  },
  'inline, lazy leveled, paranoid': {
    ...inline,
    paranoid: true,
    compaction: { policy: 'lazyLeveled', sizeRatio: 4, l0Trigger: 1 },
  },
  'inline on disk, paranoid': { ...inline, paranoid: true, cacheBytes: MiB },
  'inline in memory, no cache, no filter, deflate': {
    ...inline,
    fileSystem: new MemoryFileSystem(),
    cacheBytes: 0,
    filterBitsPerKey: 0,
    codec: 'deflate',
    coldReads: 'async',
  },
  'inline in memory, synced, default blocks': {
    ...inline,
    fileSystem: new MemoryFileSystem(),
    durability: 'sync',
    blockBytes: 4096,
    coldReads: 'async',
  },
}

const seed = firstSeed()

/** One keyspace has policies of its own, whatever the database does. */
const keyspaces: readonly KeyspaceShape[] = modelKeyspaces.map((shape, i) =>
  i === 0
    ? { ...shape, tuning: { compaction: { policy: 'sizeTiered', l0Trigger: 1 }, codec: 'deflate' } }
    : shape,
)

/** Applied in turn while the other operations run. */
const changing: readonly CompactionOptions[] = [
  { policy: 'sizeTiered', sizeRatio: 3, l0Trigger: 1 },
  { policy: 'leveled', l0Trigger: 2, baseBytes: 64 * 1024, sizeRatio: 3, maxLevels: 4 },
  { policy: 'lazyLeveled', sizeRatio: 4, l0Trigger: 2 },
  { policy: 'fifo', maxBytes: 2 ** 40 },
  { policy: 'leveled', l0Trigger: 1, baseBytes: 64 * 1024, sizeRatio: 2 },
]
const operationsPerPolicy = 60

const cases: [string, OpenOptions, readonly CompactionOptions[]][] = [
  ...Object.entries(optionSets).map(([name, options]): (typeof cases)[number] => [
    name,
    options,
    [],
  ]),
  ['thread, changing policies', threaded, changing],
  ['inline, changing policies', inline, changing],
]

for (const [name, options, policies] of cases) {
  test(`answers match the oracle: ${name}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'varve-oracle-'))
    try {
      await compare(directory, options, policies)
    } catch (cause) {
      throw new Error(`failed with VARVE_SEED=${seed}`, { cause })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
}

async function compare(
  directory: string,
  options: OpenOptions,
  policies: readonly CompactionOptions[],
): Promise<void> {
  const random = new Prng(seed)
  const scale = { ...fullScale, longestTtlMs: 200 }
  const workload = new Workload(random, scale, undefined, keyspaces)
  const comparison = await Comparison.start(directory, options, keyspaces)
  try {
    for (let i = 0; i < operationCount; i++) {
      if (policies.length > 0 && i % operationsPerPolicy === operationsPerPolicy - 1) {
        comparison.db.setCompaction(policies[Math.floor(i / operationsPerPolicy) % policies.length])
      }
      const operation = workload.next()
      try {
        await comparison.run(operation)
      } catch (cause) {
        throw new Error(`operation ${i}: ${operation.type}`, { cause })
      }
    }
    const db = await comparison.finish()
    assert.ok(comparison.tablesBelow > 0, 'no table was written below the first level')
    assert.ok(comparison.compactions > 0, 'nothing was compacted')
    assert.ok(comparison.commits > 0, 'no transaction was committed')
    assert.equal(db.stats().backgroundErrors, 0)
  } finally {
    await comparison.db.close()
  }
}
