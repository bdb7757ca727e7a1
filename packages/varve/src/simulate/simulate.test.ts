import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FilterAllocation } from '../compaction/jobs/filter-allocation.js'
import { Prng } from '../base/prng.js'
import type { CompactionOptions, RunPolicy } from '../compaction/pickers/compaction-options.js'
import { resolveCompaction } from '../compaction/testing/resolve-compaction.js'
import { entryOf, isDelete, WriteBuffer } from './key-lists.js'
import { simulate, type SimulatedReads, type Simulation } from './simulate.js'
import { SimulatedTree } from './simulated-tree.js'

const KiB = 1024
const policies: readonly RunPolicy[] = ['leveled', 'sizeTiered', 'lazyLeveled']
/** As many flushes as ten million records make with memtables of some megabytes. */
const small = { memtableBytes: 64 * KiB, tableBytes: 32 * KiB }

function runSmall(compaction: CompactionOptions | RunPolicy): Simulation {
  return simulate({ ...small, compaction, records: 150_000, overwrites: 300_000 })
}

test('a simulated tree holds the newest of every key, whatever the policy', () => {
  const prng = new Prng(1)
  const keys = 3000
  for (const policy of policies) {
    const tree = new SimulatedTree(
      { ...resolveCompaction({ policy, l0Trigger: 2 }), baseBytes: 4000 } as never,
      {
        entryBytes: 10,
        tableBytes: 2000,
        memtableBytes: 3000,
        filterBitsPerKey: 10,
        filterAllocation: 'monkey',
      },
    )
    const expected = new Map<number, boolean>()
    const buffer = new WriteBuffer(300)
    for (let i = 0; i < 20_000; i++) {
      const [key, deleted] = [prng.below(keys), prng.chance(0.3)]
      expected.set(key, deleted)
      buffer.add(entryOf(key, deleted))
      if (!buffer.isFull) continue
      tree.flush(buffer.take())
      while (tree.compact());
    }
    if (!buffer.isEmpty) tree.flush(buffer.take())
    for (let key = 0; key < keys; key++) {
      const { entry } = tree.find(key)
      const found = entry === undefined || isDelete(entry) ? undefined : false
      const wanted = expected.get(key) === false ? false : undefined
      assert.equal(found, wanted, `${policy}: key ${key}`)
    }
    assert.ok(tree.compactions.merge > 10)
  }
})

test('policies trade writes for space and reads', () => {
  const [leveled, tiered, lazy] = policies.map((policy) => runSmall(policy).phases[1])
  assert.ok(tiered.writeAmplification < 0.5 * leveled.writeAmplification)
  assert.ok(lazy.writeAmplification < 0.75 * leveled.writeAmplification)
  assert.ok(leveled.spaceAmplification.mean < 1.15)
  assert.ok(lazy.spaceAmplification.mean < 1 + 1 / 3)
  assert.ok(tiered.spaceAmplification.mean > lazy.spaceAmplification.mean)
  assert.ok(tiered.reads.runs > leveled.reads.runs)
})

test('filters have their bits as the engine allots them', () => {
  for (const compaction of policies) {
    const options = { ...small, compaction, records: 100_000, overwrites: 100_000 }
    const readsWith = (filterAllocation: FilterAllocation): SimulatedReads =>
      simulate({ ...options, filterAllocation }).phases[1].reads
    const uniform = readsWith('uniform')
    // A random key is in the range of every run, unless a run has but a few tables.
    const expected = uniform.runs * 0.6185 ** 10
    if (compaction === 'sizeTiered') {
      assert.ok(Math.abs(uniform.blocksWhenAbsent / expected - 1) < 0.02)
    }
    const { blocksWhenAbsent, tablesAsked } = readsWith('monkey')
    assert.ok(blocksWhenAbsent < 0.8 * uniform.blocksWhenAbsent, compaction)
    assert.equal(tablesAsked, uniform.tablesAsked)
  }
})

test('records in order are moved, not merged', () => {
  for (const policy of policies) {
    const options = { ...small, compaction: policy, records: 50_000, overwrites: 0 }
    const { phases, compactions } = simulate({ ...options, order: 'sorted' })
    assert.equal(compactions.merge, 0, policy)
    assert.ok(compactions.move > 0)
    assert.ok(Math.abs(phases[0].writeAmplification - 2) < 1e-9)
    assert.equal(phases.length, 1)
  }
})

test('the same seed gives the same tree, and options are checked', () => {
  const options = { ...small, records: 20_000, deletes: 0.2 }
  assert.deepEqual(simulate(options), simulate(options))
  assert.notDeepEqual(simulate(options), simulate({ ...options, seed: 2 }))
  for (const wrong of [
    { records: 0 },
    { deletes: 2 },
    { order: 'up' },
    { filterAllocation: 'even' },
    { memtableBytes: NaN },
  ]) {
    const error = { code: 'INVALID_ARGUMENT', option: Object.keys(wrong)[0] }
    assert.throws(() => simulate(wrong as never), error)
  }
})

test('adaptive follows the reads that come beside the overwrites', () => {
  const sizes = { ...small, records: 50_000, compaction: 'adaptive' } as const
  assert.deepEqual(simulate(sizes).policyChanges, [])
  const { policy, policyChanges, levels } = simulate({ ...sizes, scans: 5 })
  assert.equal(policy, 'adaptive')
  assert.deepEqual(
    policyChanges.map(({ from, to }) => [from, to]),
    [['sizeTiered', 'leveled']],
  )
  assert.ok(policyChanges[0].writes > 50_000)
  assert.ok(levels.slice(1).every(({ runs }) => runs <= 1))
  assert.throws(() => simulate({ gets: -1 }), { code: 'INVALID_ARGUMENT', option: 'gets' })
})
