// Compaction policies side by side, on the calling thread and on a background thread, under the same
// writes:
//
//   node bench/compaction.mjs [--policies leveled,sizeTiered] [--modes inline,thread]
//                             [--paces rate,flatOut] [--rate 5000] [--operations 100k]
//                             [--dir /fast/disk] [--out folder]
//
// Each run is a process of its own. With --out, the runs that are asked for take the place of those that the
// folder holds already, and the others stay. README.md has the rest.
import { execFileSync, fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { modes, paces, policies, settings } from './compaction/settings.mjs'
import { about } from './measure/about.mjs'
import { printCompactionRun } from './report/compaction-text.mjs'

const { values: args } = parseArgs({
  options: {
    policies: { type: 'string', default: policies.join(',') },
    modes: { type: 'string', default: modes.join(',') },
    paces: { type: 'string', default: Object.keys(paces).join(',') },
    rate: { type: 'string', default: String(paces.rate.ratePerSecond) },
    operations: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const parent = mkdtempSync(join(args.dir, 'varve-compaction-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const runs = []
let hasFailed = false
for (const policy of listed('policies', policies)) {
  for (const pace of listed('paces', Object.keys(paces))) {
    for (const mode of listed('modes', modes)) await runOne({ policy, mode, pace })
  }
}
if (args.out !== undefined) {
  // The pictures need the packages of bench/, which the measurement does without.
  const { writeCompactionReport } = await import('./report/write-compaction-report.mjs')
  await writeCompactionReport(reportOf([...earlierRuns(args.out), ...runs]), args.out)
}
process.exit(hasFailed ? 1 : 0)

async function runOne(run) {
  const directory = mkdtempSync(join(parent, `${run.policy}-`))
  // What others left to the operating system to write is not charged to this one.
  if (process.platform !== 'win32') execFileSync('sync')
  const pace = { ...paces[run.pace] }
  if (args.operations !== undefined) pace.operations = countOf(args.operations)
  if (run.pace === 'rate') pace.ratePerSecond = Number(args.rate)
  try {
    const figures = await child({ ...settings, ...pace, ...run, directory })
    runs.push({ ...run, ...pace, ...figures })
    printCompactionRun(runs.at(-1))
  } catch (error) {
    hasFailed = true
    console.error(`FAILED: ${run.policy}, ${run.mode}, ${run.pace}: ${error.message}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Runs a plan in a process of its own and gives its answer. */
function child(plan) {
  const script = new URL('./compaction/one-run.mjs', import.meta.url)
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

function reportOf(all) {
  const command = `npm run bench:compaction -- ${process.argv.slice(2).join(' ')}`.trim()
  const rank = ({ policy, pace, mode }) =>
    policies.indexOf(policy) * 100 + Object.keys(paces).indexOf(pace) * 10 + modes.indexOf(mode)
  return { about: about(), command, settings, runs: all.sort((a, b) => rank(a) - rank(b)) }
}

/** The runs in the folder that were not asked for now. */
function earlierRuns(folder) {
  const file = join(folder, 'compaction.json')
  if (!existsSync(file)) return []
  const isNew = (old) =>
    runs.some((run) => ['policy', 'mode', 'pace'].every((name) => run[name] === old[name]))
  return JSON.parse(readFileSync(file, 'utf8')).runs.filter((run) => !isNew(run))
}

function listed(name, known) {
  const wanted = args[name].split(',')
  const unknown = wanted.filter((one) => !known.includes(one))
  if (unknown.length > 0) fail(`--${name}: there is no ${unknown.join(', ')}; there are ${known}`)
  return wanted
}

/** 300k, 5m or plain digits. */
function countOf(text) {
  const [, digits, unit] = /^(\d+)([km]?)$/.exec(text) ?? fail(`--operations: ${text}`)
  return Number(digits) * { '': 1, k: 1000, m: 1_000_000 }[unit]
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
