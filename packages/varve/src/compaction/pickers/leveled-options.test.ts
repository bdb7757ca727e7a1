import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../../base/errors.js'
import { defaultLeveledOptions, resolveLeveledOptions } from './leveled-options.js'

test('what is not given has its default', () => {
  assert.deepEqual(resolveLeveledOptions(), defaultLeveledOptions)
  const given = { l0Trigger: 2, l0Stop: 50 }
  assert.deepEqual(resolveLeveledOptions(given), { ...defaultLeveledOptions, ...given })
})

test('an error names the option and the values allowed', () => {
  const cases: [object, string, RegExp][] = [
    [{ l0Trigger: 0 }, 'compaction.l0Trigger', /from 1 to 1000, not 0/],
    [{ l0Slowdown: 3 }, 'compaction.l0Slowdown', /from compaction.l0Trigger \(4\) to 1000/],
    [{ l0Stop: 7 }, 'compaction.l0Stop', /from compaction.l0Slowdown \(8\) to 1000/],
    [{ baseBytes: 1.5 }, 'compaction.baseBytes', /whole number/],
    [{ sizeRatio: '10' }, 'compaction.sizeRatio', /not 10/],
    [{ maxLevels: 8 }, 'compaction.maxLevels', /from 2 to 7/],
    [{ policy: 'tiered' }, 'compaction.policy', /'leveled', not tiered/],
    [{ levelRatio: 3 }, 'compaction.levelRatio', /not an option; there are policy, l0Trigger/],
  ]
  for (const [given, option, message] of cases) {
    assert.throws(
      () => resolveLeveledOptions(given),
      (error) =>
        error instanceof VarveError &&
        error.code === 'INVALID_ARGUMENT' &&
        error.option === option &&
        message.test(error.message),
      option,
    )
  }
})
