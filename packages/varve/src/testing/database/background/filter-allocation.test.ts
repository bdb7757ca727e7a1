import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from '../../../base/clock.js'
import { Prng } from '../../../base/prng.js'
import type { FilterAllocation } from '../../../compaction/jobs/filter-allocation.js'
import type { RunPolicy } from '../../../compaction/pickers/compaction-options.js'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { type Database, open } from '../../../index.js'
import { decodeFooter, footerBytes } from '../../../sstable/format/table-format.js'
import { tableName } from '../../../store/file-names.js'

const KiB = 1024
const keyCount = 25_000
const samples = 25
const readsPerSample = 2000

/** Draws the same secret for the filters each time, so that the figures are the same, too. */
const clock: Clock = { ...systemClock, uniqueToken: () => '0123456789abcdef' }

interface Measured {
  /** Memory of all filters, averaged over the life of the tree. */
  readonly filterBytes: number
  readonly bitsPerKey: number
  readonly falsePositivesPerRead: number
  /** For keys that exist. */
  readonly blocksPerRead: number
}

/** In size-tiered trees most data is in runs of equal size, so there is little to redistribute. */
const mostOfUniform = { leveled: 0.75, lazyLeveled: 0.9, sizeTiered: 0.96 }

for (const policy of ['leveled', 'lazyLeveled', 'sizeTiered'] as const) {
  test(`fewer absent keys pass filters that use no more memory: ${policy}`, async () => {
    const uniform = await measure(policy, 'uniform', inRandomOrder)
    const monkey = await measure(policy, 'monkey', inRandomOrder)
    const told = JSON.stringify({ uniform, monkey })
    assert.ok(monkey.filterBytes <= uniform.filterBytes, told)
    const most = mostOfUniform[policy] * uniform.falsePositivesPerRead
    assert.ok(monkey.falsePositivesPerRead < most, told)
    assert.ok(monkey.blocksPerRead <= uniform.blocksPerRead, told)
  })
}

test('keys in ascending order move down with the filters of their flush', async () => {
  for (const policy of ['leveled', 'sizeTiered'] as const) {
    const { bitsPerKey } = await measure(policy, 'monkey', inOrder)
    assert.ok(bitsPerKey < 11, `${policy}: ${bitsPerKey}`)
  }
})

test('keys in nearly ascending order get no larger filters either', async () => {
  const { bitsPerKey } = await measure('leveled', 'monkey', nearlyInOrder)
  assert.ok(bitsPerKey < 10.8, `${bitsPerKey}`)
})

/** Fills a tree and reads from it now and then. Deterministic. */
async function measure(
  policy: RunPolicy,
  filterAllocation: FilterAllocation,
  order: (i: number) => number,
): Promise<Measured> {
  const fileSystem = new MemoryFileSystem()
  await using db = await open('/db', {
    fileSystem,
    clock,
    background: 'inline',
    codec: 'none',
    filterAllocation,
    memtableBytes: 32 * KiB,
    tableBytes: 64 * KiB,
    compaction: { policy, l0Trigger: 4 },
  })
  const blocksTouched = (): number => db.stats().amplification.read * db.stats().operations.gets
  const random = new Prng(7)
  const sum = { filterBytes: 0, keys: 0, falsePositives: 0, blocks: 0 }
  let written = 0
  for (let sample = 1; sample <= samples; sample++) {
    while (written < (sample * keyCount) / samples) {
      db.putSync(keyOf(2 * order(written++)), 'v'.repeat(30))
    }
    sum.filterBytes += filterBytes(db, fileSystem)
    sum.keys += db.levels().reduce((keys, { tables }) => keys + entryCount(tables), 0)
    sum.falsePositives -= db.stats().filters.falsePositives
    for (let i = 0; i < readsPerSample; i++) db.getSync(keyOf(2 * random.below(keyCount) + 1))
    sum.falsePositives += db.stats().filters.falsePositives
    sum.blocks -= blocksTouched()
    for (let i = 0; i < readsPerSample; i++) db.getSync(keyOf(2 * order(random.below(written))))
    sum.blocks += blocksTouched()
  }
  return {
    filterBytes: sum.filterBytes / samples,
    bitsPerKey: (8 * sum.filterBytes) / sum.keys,
    falsePositivesPerRead: sum.falsePositives / (samples * readsPerSample),
    blocksPerRead: sum.blocks / (samples * readsPerSample),
  }
}

function entryCount(tables: readonly { entryCount: number }[]): number {
  return tables.reduce((sum, table) => sum + table.entryCount, 0)
}

function filterBytes(db: Database<string, string>, fileSystem: MemoryFileSystem): number {
  let bytes = 0
  for (const { fileNumber } of db.levels().flatMap((level) => level.tables)) {
    const file = fileSystem.openForRead(`/db/${tableName(fileNumber)}`)
    const sizeBytes = file.sizeBytes()
    const footer = Buffer.alloc(footerBytes)
    file.read(footer, 0, footerBytes, sizeBytes - footerBytes)
    bytes += decodeFooter(footer, sizeBytes, file.path).filter.sizeBytes
    file.close()
  }
  return bytes
}

function keyOf(i: number): string {
  return `key${String(i).padStart(8, '0')}`
}

/** A permutation of the keys. */
function inRandomOrder(i: number): number {
  return (i * 17_389 + 5) % keyCount
}

function inOrder(i: number): number {
  return i
}

/** Swaps keys within stretches of 64, so that neighbouring tables overlap. */
function nearlyInOrder(i: number): number {
  return i ^ 63
}
