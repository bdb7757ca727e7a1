// Random fills of growing size, Varve and RocksDB's db_bench side by side, and Varve's reopening of
// them:
//
//   node bench/scale.mjs [--records 100k,1m,10m] [--ways batches,puts] [--engines varve,db_bench]
//                        [--rounds 1] [--check all] [--maxRssMB 512] [--dir /fast/disk] [--out dir]
//
// Exits with 1 when a record is wrong, or Varve takes more memory than allowed. README.md has the
// rest.
import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { probe as probeDbBench } from './engines/db-bench.mjs'
import { about } from './measure/about.mjs'
import { printScaleRun } from './report/scale-text.mjs'
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
  args.out === undefined ? {} : await import('./report/write-scale-report.mjs')
const maxRssMB = Number(args.maxRssMB)
const engines = presentEngines()
const report = {
  about: about(),
  command: `npm run bench:scale -- ${process.argv.slice(2).join(' ')}`.trim(),
  maxRssMB,
  failures: [],
  runs: [],
}
for (const records of args.records.split(',').map(countOf)) {
  for (const way of args.ways.split(',')) {
    if (ways[way] === undefined) fail(`unknown way '${way}'`)
    for (let round = 0; round < Number(args.rounds); round++) {
      for (const engine of engines) await runOne({ engine, records, way, round })
    }
  }
}
await writeScaleReport?.(report, args.out)
for (const failure of report.failures) console.error(`FAILED: ${failure}`)
process.exit(report.failures.length > 0 ? 1 : 0)

async function runOne(run) {
  const directory = mkdtempSync(join(parent, `${run.engine}-`))
  // What others left to the operating system to write is not charged to this one.
  if (process.platform !== 'win32') execFileSync('sync')
  try {
    const figures = await { varve: runVarve, db_bench: fillRocksDb }[run.engine]({
      ...run,
      recordsPerWrite: ways[run.way],
      directory,
    })
    report.runs.push({ ...run, ...figures })
    printScaleRun(report.runs.at(-1))
  } catch (error) {
    report.failures.push(`${run.engine}, ${run.records} records, ${run.way}: ${error.message}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Fills, opens with a log to replay, checks the records, flushes, and opens without a log. */
async function runVarve(plan) {
  const filled = await child({ ...plan, step: 'fill' })
  const withLog = await child({ ...plan, step: 'reopen', flush: true, check: args.check })
  const withoutLog = await child({ ...plan, step: 'reopen', check: 'sample' })
  for (const [step, { peakRssBytes }] of Object.entries({ filled, withLog, withoutLog })) {
    if (peakRssBytes > maxRssMB * 1e6) {
      const peak = `${(peakRssBytes / 1e6).toFixed(0)} MB of memory`
      report.failures.push(`${plan.records} records, ${plan.way}, ${step}: ${peak}`)
    }
  }
  return { ...filled, reopen: { withLog, withoutLog } }
}

/** Runs a step in a process of its own and gives its answer. */
function child(plan) {
  const script = new URL('./scale/varve-run.mjs', import.meta.url)
  return new Promise((resolve, reject) => {
    const started = fork(script, [JSON.stringify(plan)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    let answer
    started.on('message', (message) => (answer = message))
    started.on('exit', (code, signal) => {
      const error = answer === undefined ? `ended with ${signal ?? `code ${code}`}` : answer.error
      if (error === undefined) resolve(answer)
      else reject(new Error(error))
    })
  })
}

function presentEngines() {
  const wanted = args.engines.split(',')
  const known = ['varve', 'db_bench']
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) fail(`unknown engine ${unknown.join(', ')}; the engines are ${known}`)
  if (!wanted.includes('db_bench') || probeDbBench() !== undefined) return wanted
  console.error('db_bench: SKIPPED, not on the PATH; Debian has it in rocksdb-tools')
  return wanted.filter((name) => name !== 'db_bench')
}

/** 300k, 5m or plain digits. */
function countOf(text) {
  const [, digits, unit] = /^(\d+)([km]?)$/.exec(text) ?? fail(`--records: ${text}`)
  return Number(digits) * { '': 1, k: 1000, m: 1_000_000 }[unit]
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
