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
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countOf, namesOf } from './arguments.mjs'
import { mixes, mixPolicies, mixSettings } from './compaction/mixes.mjs'
import { modes, paces, policies, settings } from './compaction/settings.mjs'
import { about } from './measure/about.mjs'
import { childRun, inDirectory } from './measure/child-run.mjs'
import { printCompactionRun, printMixRun } from './report/compaction/compaction-text.mjs'

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
  args.out === undefined ? {} : await import('./report/compaction/write-compaction-report.mjs')
const runs = []
const mixRuns = []
let hasFailed = false
const parts = namesOf(args.parts, 'parts', ['paces', 'mixes'])
if (parts.includes('paces')) await runPaces()
if (parts.includes('mixes')) await runMixes()
await writeCompactionReport?.(reportOf(earlierReport(args.out)), args.out)
process.exit(hasFailed ? 1 : 0)

async function runPaces() {
  for (const policy of namesOf(args.policies, 'policies', policies)) {
    for (const pace of namesOf(args.paces, 'paces', Object.keys(paces))) {
      for (const mode of namesOf(args.modes, 'modes', modes)) await runOne({ policy, mode, pace })
    }
  }
}

/** Policies side by side under each mix; each round begins with another one. */
async function runMixes() {
  const wanted = namesOf(args.policies, 'policies', policies).filter((policy) =>
    mixPolicies.includes(policy),
  )
  for (const mix of namesOf(args.mixes, 'mixes', Object.keys(mixes))) {
    for (let round = 0; round < Number(args.rounds); round++) {
      for (let i = 0; i < wanted.length; i++) {
        await runMix({ mix, policy: wanted[(i + round) % wanted.length], round })
      }
    }
  }
}

async function runMix(run) {
  await measured(run, async (directory) => {
    const figures = await childRun(scriptOf('one-mix'), { ...mixSettings, ...run, directory })
    mixRuns.push({ ...run, ...figures })
    printMixRun(mixRuns.at(-1))
  })
}

async function runOne(run) {
  const pace = { ...paces[run.pace] }
  if (args.operations !== undefined) pace.operations = countOf(args.operations, 'operations')
  if (run.pace === 'rate') pace.ratePerSecond = Number(args.rate)
  await measured(run, async (directory) => {
    const figures = await childRun(scriptOf('one-run'), { ...settings, ...pace, ...run, directory })
    runs.push({ ...run, ...pace, ...figures })
    printCompactionRun(runs.at(-1))
  })
}

/** Goes on with the next run when one fails. */
async function measured(run, measure) {
  try {
    await inDirectory(parent, run.policy, measure)
  } catch (error) {
    hasFailed = true
    console.error(`FAILED: ${Object.values(run).join(', ')}: ${error.message}`)
  }
}

function scriptOf(name) {
  return new URL(`./compaction/${name}.mjs`, import.meta.url)
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
