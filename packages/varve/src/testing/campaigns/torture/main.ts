// `npm run torture -- --cycles 500 --seed 1`: kills one writing process after another; see
// cycle.ts.
//
//     --directory   a folder on a real disk (default: the system's temporary directory)
//     --seed        seed of the first cycle (default: VARVE_SEED, or the current time)
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { campaignSeed } from '../../../base/testing/seed.js'
import { runTorture, type TortureTotals } from './torture.js'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(campaignSeed()) },
    directory: { type: 'string', default: tmpdir() },
  },
})
const directory = mkdtempSync(join(values.directory, 'varve-torture-'))
const firstSeed = Number(values.seed)
const startMs = performance.now()

function report(totals: TortureTotals): void {
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  console.log(
    `${seconds} s: ${totals.cycles} kills starting at seed ${firstSeed}, ` +
      `${totals.acknowledgedWrites} acknowledged writes, all found; ` +
      `${totals.foundUnderWay} pending writes found; ` +
      `${totals.expired} entries had expired, ${totals.expiring} were still to expire`,
  )
}

const totals = await runTorture({
  directory,
  cycles: Number(values.cycles),
  firstSeed,
  onCycle: (sofar) => {
    if (sofar.cycles % 25 === 0) report(sofar)
  },
})
report(totals)
rmSync(directory, { recursive: true })
