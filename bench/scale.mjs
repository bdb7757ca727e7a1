// Random fills of growing size, Varve and RocksDB's db_bench side by side, and Varve's reopening of
// them:
//
//   node bench/scale.mjs [--records 100k,1m,10m] [--ways batches,puts] [--engines varve,db_bench]
//                        [--rounds 1] [--check all] [--maxRssMB 512] [--dir /fast/disk] [--out dir]
//
// Exits with 1 when a record is wrong, or Varve takes more memory than allowed. README.md has the
// rest.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countOf, namesOf } from './arguments.mjs'
import { probe as probeDbBench } from './engines/db-bench.mjs'
import { about } from './measure/about.mjs'
import { childRun, inDirectory } from './measure/child-run.mjs'
import { printScaleRun } from './report/scale/scale-text.mjs'
import { fillRocksDb } from './scale/rocksdb-run.mjs'
import { ways } from './scale/settings.mjs'

const { values: args } = parseArgs({
  options: {
    records: { type: 'string', default: '100k,300k,1m,3m,5m,10m' },
    ways: { type: 'string', default: Object.keys(ways).join(',') },
    engines: { type: 'string', default: 'varve,db_bench' },
    rounds: { type: 'string', default: '1' },
    check: { type: 'string', default: 'sample' },
    maxRssMB: { type: 'string', default: '512' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const parent = mkdtempSync(join(args.dir, 'varve-scale-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

// The picture needs the packages of bench/, which the measurement does without.
const { writeScaleReport } =
  args.out === undefined ? {} : await import('./report/scale/write-scale-report.mjs')
const maxRssMB = Number(args.maxRssMB)
const engines = presentEngines()
const report = {
  about: about(),
  command: `npm run bench:scale -- ${process.argv.slice(2).join(' ')}`.trim(),
  maxRssMB,
  failures: [],
  runs: [],
}
for (const records of args.records.split(',').map((text) => countOf(text, 'records'))) {
  for (const way of namesOf(args.ways, 'ways', Object.keys(ways))) {
    for (let round = 0; round < Number(args.rounds); round++) {
      for (const engine of engines) await runOne({ engine, records, way, round })
    }
  }
}
await writeScaleReport?.(report, args.out)
for (const failure of report.failures) console.error(`FAILED: ${failure}`)
process.exit(report.failures.length > 0 ? 1 : 0)

async function runOne(run) {
  const measure = { varve: runVarve, db_bench: fillRocksDb }[run.engine]
  try {
    await inDirectory(parent, run.engine, async (directory) => {
      const figures = await measure({ ...run, recordsPerWrite: ways[run.way], directory })
      report.runs.push({ ...run, ...figures })
      printScaleRun(report.runs.at(-1))
    })
  } catch (error) {
    report.failures.push(`${run.engine}, ${run.records} records, ${run.way}: ${error.message}`)
  }
}

/** Fills, opens with a log to replay, checks the records, flushes, and opens without a log. */
async function runVarve(plan) {
  const filled = await step({ ...plan, step: 'fill' })
  const withLog = await step({ ...plan, step: 'reopen', flush: true, check: args.check })
  const withoutLog = await step({ ...plan, step: 'reopen', check: 'sample' })
  for (const [step, { peakRssBytes }] of Object.entries({ filled, withLog, withoutLog })) {
    if (peakRssBytes > maxRssMB * 1e6) {
      const peak = `${(peakRssBytes / 1e6).toFixed(0)} MB of memory`
      report.failures.push(`${plan.records} records, ${plan.way}, ${step}: ${peak}`)
    }
  }
  return { ...filled, reopen: { withLog, withoutLog } }
}

function step(plan) {
  return childRun(new URL('./scale/varve-run.mjs', import.meta.url), plan)
}

function presentEngines() {
  const wanted = namesOf(args.engines, 'engines', ['varve', 'db_bench'])
  if (!wanted.includes('db_bench') || probeDbBench() !== undefined) return wanted
  console.error('db_bench: SKIPPED, not on the PATH; Debian has it in rocksdb-tools')
  return wanted.filter((name) => name !== 'db_bench')
}
