import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Simulation } from 'varve/tools'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

const small = ['--records', '2e4', '--memtable-bytes', '64KiB', '--table-bytes', '32KiB']

test('simulate: policies side by side, without a database', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const { exit, out } = await varve(['simulate', ...small])
  assert.equal(exit, 0)
  assert.match(out, /20,000 records +write × +space ×/)
  assert.match(out, /\n {2}sizeTiered +\d+\.\d\d +\d+\.\d\d/)
  assert.match(out, /lazyLeveled: \d+ flushes, \d+ merges/)
  assert.match(out, /\n {2}L6 .* run/)
  assert.ok(!existsSync(join(folder, 'data')))
})

test('simulate: thresholds, and what is wrong with them', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const chosen = ['--policy', 'leveled,fifo', '--overwrites', '0', '--json']
  const { out } = await varve(['simulate', ...small, ...chosen])
  const simulations = JSON.parse(out) as Simulation[]
  assert.deepEqual(
    simulations.map(({ policy, phases }) => [policy, phases.length]),
    [
      ['leveled', 1],
      ['fifo', 1],
    ],
  )
  const wide = await varve(['simulate', ...small, '--policy', 'leveled', '--set', 'sizeRatio=100'])
  assert.equal(wide.exit, 0)
  const refused = await varve(['simulate', '--policy', 'fifo', '--set', 'l0Trigger=2'])
  assert.equal(refused.exit, 1)
  assert.match(refused.err, /unknown property of option 'compaction' 'l0Trigger'/)
  assert.equal((await varve(['simulate', '--set', 'sizeRatio'])).exit, 2)
})
