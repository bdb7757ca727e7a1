import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import type { RunPolicy } from './compaction-options.js'
import { resolveCompaction } from '../testing/resolve-compaction.js'
import { resolveRuns, resolveSetting } from './resolve-compaction.js'

test('a policy is a number of runs', () => {
  const runs = (options: Parameters<typeof resolveRuns>[0] | RunPolicy): number[] => {
    const given = typeof options === 'string' ? { policy: options } : options
    const { sizeRatio, runsPerLevel, runsInLastLevel } = resolveRuns(given)
    return [sizeRatio, runsPerLevel, runsInLastLevel]
  }
  assert.deepEqual(runs('leveled'), [10, 1, 1])
  assert.deepEqual(runs('sizeTiered'), [4, 3, 3])
  assert.deepEqual(runs('lazyLeveled'), [4, 3, 1])
  assert.deepEqual(runs({ policy: 'sizeTiered', sizeRatio: 6 }), [6, 5, 5])
  assert.deepEqual(runs({ policy: 'sizeTiered', runsPerLevel: 2 }), [4, 2, 2])
  assert.deepEqual(runs({ policy: 'lazyLeveled', sizeRatio: 5, runsInLastLevel: 2 }), [5, 4, 2])
  assert.deepEqual(resolveCompaction(), resolveCompaction('leveled'))
})

test('missing fields follow from the given ones', () => {
  const given = resolveRuns({ policy: 'leveled', l0Trigger: 20 }, 1_000_000)
  assert.equal(given.l0Slowdown, 40)
  assert.equal(given.l0Stop, 60)
  assert.equal(given.baseBytes, 20_000_000)
  const plain = resolveRuns({ policy: 'leveled', maxLevels: 3 })
  assert.deepEqual([plain.l0Trigger, plain.l0Slowdown, plain.l0Stop], [4, 8, 12])
  assert.equal(plain.baseBytes, 256 * 1024 * 1024)
})

test('an error names the option and the values allowed', () => {
  const cases: [object, string, RegExp][] = [
    [{ policy: 'fifo', maxBytes: 1 }, 'compaction.maxBytes', /from 4096/],
    [{ policy: 'fifo', maxAgeMs: 1.5 }, 'compaction.maxAgeMs', /from 1000/],
    [{ policy: 'fifo', l0Trigger: 4 }, 'compaction.l0Trigger', /known: policy, maxBytes, maxAge/],
    [{ l0Trigger: 0 }, 'compaction.l0Trigger', /from 1 to 1000, not 0/],
    [{ l0Slowdown: 3 }, 'compaction.l0Slowdown', /from compaction.l0Trigger \(4\) to 1000/],
    [{ l0Stop: 7 }, 'compaction.l0Stop', /from compaction.l0Slowdown \(8\) to 1000/],
    [{ baseBytes: 1.5 }, 'compaction.baseBytes', /whole number/],
    [{ sizeRatio: '10' }, 'compaction.sizeRatio', /not 10/],
    [{ sizeRatio: 5, runsPerLevel: 5 }, 'compaction.runsPerLevel', /to .*sizeRatio − 1 \(4\)/],
    [{ runsInLastLevel: 2 }, 'compaction.runsInLastLevel', /to compaction.runsPerLevel \(1\)/],
    [{ garbageShare: 0 }, 'compaction.garbageShare', /from 0.01 to 1, or Infinity, not 0/],
    [{ maxTableAgeMs: 5 }, 'compaction.maxTableAgeMs', /from 60000/],
    [{ maxLevels: 8 }, 'compaction.maxLevels', /from 2 to 7/],
    [{ policy: 'tiered' }, 'compaction.policy', /'leveled', .*'adaptive', not tiered/],
    [
      { levelRatio: 3 },
      'compaction.levelRatio',
      /unknown property .*'levelRatio'; known: policy, sizeRatio/,
    ],
    [{ constructor: 3 }, 'compaction.constructor', /unknown property .*'constructor'/],
  ]
  for (const [given, option, message] of cases) {
    assert.throws(
      () => resolveCompaction({ policy: 'leveled', ...given }),
      (error) =>
        error instanceof VarveError &&
        error.code === 'INVALID_ARGUMENT' &&
        error.option === option &&
        message.test(error.message),
      option,
    )
  }
})

test('adaptive chooses among policies with thresholds in common', () => {
  const given = { policy: 'adaptive', l0Trigger: 6, windowMs: 100 } as const
  const setting = resolveSetting(given, 1_000_000)
  assert.ok(setting.policy === 'adaptive')
  assert.deepEqual([setting.windowMs, setting.margin], [100, 0.1])
  assert.deepEqual(
    setting.candidates,
    (['leveled', 'lazyLeveled', 'sizeTiered'] as const).map((policy) =>
      resolveRuns({ policy, l0Trigger: 6 }, 1_000_000),
    ),
  )
  const cases: [object, string][] = [
    [{ windowMs: 5 }, 'compaction.windowMs'],
    [{ margin: 1 }, 'compaction.margin'],
    [{ runsPerLevel: 2 }, 'compaction.runsPerLevel'],
    [{ maxBytes: 1e6 }, 'compaction.maxBytes'],
    [{ sizeRatio: 1 }, 'compaction.sizeRatio'],
  ]
  for (const [wrong, option] of cases) {
    const error = { code: 'INVALID_ARGUMENT', option }
    assert.throws(() => resolveSetting({ policy: 'adaptive', ...wrong }), error)
  }
})
