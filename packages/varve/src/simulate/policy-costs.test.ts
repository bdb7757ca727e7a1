import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from './simulate.js'
import type { RunPolicy } from '../compaction/pickers/compaction-options.js'
import { costOf, expectedTree, type Mix } from '../compaction/pickers/adaptive/policy-costs.js'
import { resolveRuns } from '../compaction/pickers/resolve-compaction.js'

const MiB = 1024 * 1024
const policies: readonly RunPolicy[] = ['leveled', 'lazyLeveled', 'sizeTiered']
const idle: Mix = {
  seconds: 1,
  writtenBytes: 0,
  gets: 0,
  scans: 0,
  scannedEntries: 0,
  stalledSeconds: 0,
}
const circumstances = {
  dataBytes: 1000 * MiB,
  memtableBytes: 4 * MiB,
  mergeBytesPerSecond: 64 * MiB,
  threads: 1,
}

function costs(mix: Partial<Mix>, threads = 1): number[] {
  const all = policies.map((policy) => resolveRuns({ policy }))
  return all.map((one) => costOf(one, { ...idle, ...mix }, { ...circumstances, threads }, all[0]))
}

test('trees are as the simulation makes them, within a factor of two', () => {
  for (const policy of policies) {
    for (const records of [50_000, 400_000]) {
      const memtableBytes = 64 * 1024
      const options = { memtableBytes, tableBytes: memtableBytes, records, overwrites: records }
      const [, { writeAmplification, reads }] = simulate({ ...options, compaction: policy }).phases
      const dataBytes = records * 116
      const expected = expectedTree(resolveRuns({ policy }), { dataBytes, memtableBytes })
      // The log is not part of what is expected.
      const ratios = [
        expected.writeAmplification / (writeAmplification - 1),
        expected.runs / reads.runs,
      ]
      for (const ratio of ratios) assert.ok(ratio > 0.5 && ratio < 2, `${policy}: ${ratio}`)
    }
  }
})

test('writes ask for runs, scans for few, and nothing costs nothing', () => {
  const [leveled, lazy, tiered] = costs({ writtenBytes: 20 * MiB })
  assert.ok(tiered < lazy && lazy < leveled)
  for (const mix of [{ gets: 100_000 }, { scans: 10_000, scannedEntries: 500_000 }]) {
    const [few, some, many] = costs(mix)
    assert.ok(few < some && some <= many, `${few} ${some} ${many}`)
  }
  assert.deepEqual(costs({}), [0, 0, 0])
})

test('merges on the calling thread cost their whole time', () => {
  const [beside] = costs({ writtenBytes: MiB })
  const [own] = costs({ writtenBytes: MiB }, 0)
  assert.ok(own > 3 * beside)
})

test('stalls count against the policy that merges more', () => {
  const [calm, , calmTiered] = costs({ writtenBytes: MiB })
  const [stalled, , stalledTiered] = costs({ writtenBytes: MiB, stalledSeconds: 0.5 })
  assert.ok(Math.abs(stalled - calm - 0.5) < 1e-9)
  assert.ok(stalledTiered - calmTiered < 0.25)
})
