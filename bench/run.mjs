// Runs the engines side by side and reports:
//
//   node bench/run.mjs [--engines varve,lmdb] [--rounds 5] [--only readseq,ycsb] [--records 500000]
//                      [--seconds 10] [--dir /fast/disk] [--out bench/results]
//
// README.md describes each workload, and how the comparison is kept fair.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fail } from './arguments.mjs'
import * as dbBenchProgram from './engines/db-bench.mjs'
import { dbBench, engineNames } from './engines/index.mjs'
import { about } from './measure/about.mjs'
import { flushDirtyPages } from './measure/child-run.mjs'
import { printRun, printSummary } from './report/console.mjs'
import { groups, isWanted } from './workloads/groups.mjs'

const { values: args } = parseArgs({
  options: {
    engines: { type: 'string', default: [...engineNames, dbBench].join(',') },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    records: { type: 'string', default: '500000' },
    seconds: { type: 'string', default: '10' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const rounds = positive('rounds')
const records = positive('records')
const maxSeconds = positive('seconds')
const only = args.only.split(',').filter((part) => part !== '')
const parent = mkdtempSync(join(args.dir, 'varve-bench-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** A run that takes longer than this hangs. */
const timeoutMs = 15 * 60_000

const report = {
  about: about(),
  settings: { records, rounds, maxSeconds, only },
  engines: await probeEngines(),
  failures: [],
  runs: [],
}
// The charts need the packages of bench/, which `npm run bench` does without.
const { writeReport } = args.out === undefined ? {} : await import('./report/write-report.mjs')
const present = report.engines.filter(({ skipped }) => skipped === undefined)

for (let round = 0; round < rounds; round++) {
  for (const group of groups) {
    if (!group.workloads.some((workload) => isWanted(group.name, workload, only))) continue
    // Neighbours in time are compared with each other; no engine is always the first.
    for (let i = 0; i < present.length; i++) {
      const { name: engine } = present[(round + i) % present.length]
      await runOne(round, group, engine)
    }
  }
  // A run that is stopped leaves a report of the rounds that are whole.
  report.settings.rounds = round + 1
  await writeReport?.(report, args.out)
}
printSummary(report)
process.exit(report.failures.length > 0 ? 1 : 0)

async function probeEngines() {
  const wanted = args.engines.split(',')
  const unknown = wanted.filter((name) => name !== dbBench && !engineNames.includes(name))
  if (unknown.length > 0) fail(`unknown engine ${unknown.join(', ')}`)
  const engines = []
  for (const name of wanted) {
    const answer = name === dbBench ? probeDbBench() : await child({ engine: name, probe: true })
    if (answer.error === undefined) engines.push({ name, ...answer })
    else engines.push({ name, skipped: answer.error.split('\n')[0] })
    const { version, skipped } = engines.at(-1)
    console.error(skipped === undefined ? `${name} ${version}` : `${name}: SKIPPED, ${skipped}`)
  }
  return engines
}

function probeDbBench() {
  return dbBenchProgram.probe() ?? { error: 'not on the PATH; Debian has it in rocksdb-tools' }
}

async function runOne(round, group, engine) {
  const plan = {
    engine,
    group: group.name,
    valueBytes: group.valueBytes,
    records: Math.max(100, Math.floor(records * group.share)),
    durable: group.durable ?? false,
    maxSeconds,
    only,
  }
  flushDirtyPages()
  const answer = engine === dbBench ? runDbBench(plan) : await child(plan)
  if (answer.error !== undefined) {
    report.failures.push({ round, group: group.name, engine, error: answer.error })
    console.error(`FAILED: ${engine}, ${group.name}: ${answer.error}`)
    return
  }
  if (Object.keys(answer.results).length === 0) return
  report.runs.push({ round, group: group.name, engine, ...answer })
  printRun(report.runs.at(-1))
}

function runDbBench(plan) {
  const directory = mkdtempSync(join(parent, 'db-bench-'))
  try {
    return dbBenchProgram.run({ ...plan, directory })
  } catch (error) {
    return { error: error.message }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Runs a plan in a process of its own and gives its answer. */
function child(plan) {
  const directory = mkdtempSync(join(parent, `${plan.engine}-`))
  const script = new URL('./one-run.mjs', import.meta.url)
  return new Promise((resolve) => {
    const started = fork(script, [JSON.stringify({ ...plan, directory })], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      timeout: timeoutMs,
    })
    let answer
    started.on('message', (message) => (answer = message))
    started.on('exit', (code, signal) => {
      rmSync(directory, { recursive: true, force: true })
      resolve(answer ?? { error: `the process ended with ${signal ?? `code ${code}`}` })
    })
  })
}

function positive(name) {
  const value = Number(args[name])
  if (!(value > 0)) fail(`--${name} must be a number above 0`)
  return value
}
