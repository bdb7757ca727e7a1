import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunPolicy } from '../../../compaction/pickers/compaction-options.js'
import { type LoadSettings, meanOf, runLoad, variationOf } from './write-load.js'

// Virtual time and fixed seeds: these figures are the same on every machine. The database grows
// from nothing to 3 GB, so the work for each byte written grows as well, and with it the variation.

function figuresOf(settings: Partial<LoadSettings>) {
  const { seconds, longestWaitMs } = runLoad(settings)
  const written = seconds.map(({ writtenBytes }) => writtenBytes)
  return {
    longestWaitMs,
    slowest: Math.min(...written),
    mean: meanOf(written) / 1000,
    lateVariation: variationOf(written.slice(30)),
    level0: Math.max(...seconds.map(({ level0Count }) => level0Count)),
  }
}

const policies: readonly RunPolicy[] = ['leveled', 'lazyLeveled', 'sizeTiered']

for (const policy of policies) {
  test(`${policy}: writes at saturation never stop`, () => {
    const figures = figuresOf({ compaction: { policy } })
    const text = JSON.stringify(figures)
    assert.ok(figures.slowest > 0, text)
    assert.ok(figures.longestWaitMs <= 250, text)
    assert.ok(figures.lateVariation <= 0.4, text)
    // Up to its stop, and the tables that are being merged.
    assert.ok(figures.level0 <= 12 + 12, text)
  })
}

test('writes follow a machine that becomes slower and faster', () => {
  const { slowest, longestWaitMs } = figuresOf({
    seconds: 80,
    workRateAt: (nowMs) => (nowMs % 40_000 < 20_000 ? 200_000 : 80_000),
  })
  assert.ok(slowest > 0 && longestWaitMs <= 250, `${slowest} bytes, ${longestWaitMs} ms`)
})

test('a writer that compactions keep up with never waits', () => {
  const { longestWaitMs, lateVariation } = figuresOf({
    writeRate: 20_000,
    workRateAt: () => 400_000,
    seconds: 60,
  })
  assert.equal(longestWaitMs, 0)
  assert.ok(lateVariation < 0.01)
})
