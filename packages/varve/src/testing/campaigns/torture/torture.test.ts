import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runTorture } from './torture.js'
import { campaignSize } from '../../kit/campaign-size.js'
import { drawnSeed } from '../../../base/testing/seed.js'

// `npm run torture -- --cycles 500` runs more cycles.
const cycles = campaignSize(12, 30)

test('a kill loses no acknowledged write, leaves no hole and tears no batch', async () => {
  const firstSeed = drawnSeed()
  const directory = mkdtempSync(join(tmpdir(), 'varve-torture-'))
  try {
    const totals = await runTorture({ directory, cycles, firstSeed })
    assert.ok(totals.acknowledgedWrites > cycles * 20, 'too few writes to prove anything')
    assert.ok(totals.deepestLevel > 0, 'nothing was compacted')
    assert.ok(totals.expiring > cycles && totals.expired > cycles, 'too few entries that expire')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
