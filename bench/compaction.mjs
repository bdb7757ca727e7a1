// Compaction policies side by side, on the calling thread and on a background thread, under the
// same writes:
//
//   node bench/compaction.mjs [--parts paces,mixes] [--policies leveled,sizeTiered]
//                             [--modes inline,thread] [--paces rate,flatOut] [--rate 5000]
//                             [--operations 100k] [--mixes changing] [--rounds 3]
//                             [--dir /fast/disk] [--out folder]
//
// Each run is a process of its own. With --out, the runs that are asked for take the place of those
// that the folder holds already, and the others stay. README.md has the rest.
import { execFileSync, fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mixes, mixPolicies, mixSettings } from './compaction/mixes.mjs'
import { modes, paces, policies, settings } from './compaction/settings.mjs'
import { about } from './measure/about.mjs'
import { printCompactionRun, printMixRun } from './report/compaction-text.mjs'

const { values: args } = parseArgs({
  options: {
    parts: { type: 'string', default: 'paces,mixes' },
    mixes: { type: 'string', default: Object.keys(mixes).join(',') },
    rounds: { type: 'string', default: '1' },
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

// The pictures need the packages of bench/, which the measurement does without.
const { writeCompactionReport } =
  args.out === undefined ? {} : await import('./report/write-compaction-report.mjs')
const runs = []
const mixRuns = []
let hasFailed = false
const parts = listed('parts', ['paces', 'mixes'])
if (parts.includes('paces')) await runPaces()
if (parts.includes('mixes')) await runMixes()
await writeCompactionReport?.(reportOf(earlierReport(args.out)), args.out)
process.exit(hasFailed ? 1 : 0)

async function runPaces() {
  for (const policy of listed('policies', policies)) {
    for (const pace of listed('paces', Object.keys(paces))) {
      for (const mode of listed('modes', modes)) await runOne({ policy, mode, pace })
    }
  }
}

/** Policies side by side under each mix; each round begins with another one. */
async function runMixes() {
  const wanted = listed('policies', policies).filter((policy) => mixPolicies.includes(policy))
  for (const mix of listed('mixes', Object.keys(mixes))) {
    for (let round = 0; round < Number(args.rounds); round++) {
      for (let i = 0; i < wanted.length; i++) {
        await runMix({ mix, policy: wanted[(i + round) % wanted.length], round })
      }
    }
  }
}

async function runMix(run) {
  await inDirectory(run, async (directory) => {
    const figures = await child('one-mix', { ...mixSettings, ...run, directory })
    mixRuns.push({ ...run, ...figures })
    printMixRun(mixRuns.at(-1))
  })
}

async function runOne(run) {
  const pace = { ...paces[run.pace] }
  if (args.operations !== undefined) pace.operations = countOf(args.operations)
  if (run.pace === 'rate') pace.ratePerSecond = Number(args.rate)
  await inDirectory(run, async (directory) => {
    const figures = await child('one-run', { ...settings, ...pace, ...run, directory })
    runs.push({ ...run, ...pace, ...figures })
    printCompactionRun(runs.at(-1))
  })
}

/** Measures in a directory of its own, and goes on with the next run when one fails. */
async function inDirectory(run, measure) {
  const directory = mkdtempSync(join(parent, `${run.policy}-`))
  // What others left to the operating system to write is not charged to this one.
  if (process.platform !== 'win32') execFileSync('sync')
  try {
    await measure(directory)
  } catch (error) {
    hasFailed = true
    console.error(`FAILED: ${Object.values(run).join(', ')}: ${error.message}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Runs a plan in a process of its own and gives its answer. */
function child(name, plan) {
  const script = new URL(`./compaction/${name}.mjs`, import.meta.url)
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

function reportOf(earlier) {
  const command = `npm run bench:compaction -- ${process.argv.slice(2).join(' ')}`.trim()
  const rank = ({ policy, pace, mode }) =>
    policies.indexOf(policy) * 100 + Object.keys(paces).indexOf(pace) * 10 + modes.indexOf(mode)
  const mixRank = ({ mix, policy, round }) =>
    Object.keys(mixes).indexOf(mix) * 1000 + mixPolicies.indexOf(policy) * 100 + round
  return {
    about: about(),
    command,
    settings,
    mixSettings,
    runs: merged(earlier.runs, runs, ['policy', 'mode', 'pace'], rank),
    mixRuns: merged(earlier.mixRuns, mixRuns, ['mix', 'policy'], mixRank),
  }
}

/** Runs that were made now take the place of earlier ones of the same names. */
function merged(earlier = [], now, names, rank) {
  const isNew = (old) => now.some((run) => names.every((name) => run[name] === old[name]))
  return [...earlier.filter((run) => !isNew(run)), ...now].sort((a, b) => rank(a) - rank(b))
}

function earlierReport(folder) {
  const file = join(folder, 'compaction.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

function listed(name, known) {
  const wanted = args[name].split(',')
  const unknown = wanted.filter((one) => !known.includes(one))
  if (unknown.length > 0) fail(`--${name}: unknown ${unknown.join(', ')}; the names are ${known}`)
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
