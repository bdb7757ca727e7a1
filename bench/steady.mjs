// Writes per second at saturation, engines side by side:
//
//   node bench/steady.mjs [--seconds 120] [--engines varve,classic-level,rocksdb]
//                         [--policies leveled,sizeTiered] [--backups without,with]
//                         [--reads 0,10000] [--keys 3m] [--rounds 1] [--before old/dist/index.js]
//                         [--dir /fast/disk] [--out folder]
//
// Each run is a process of its own. With --out, runs replace the same runs of an earlier report,
// and the others stay. README.md has the rest.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve as resolvePath } from 'node:path'
import { parseArgs } from 'node:util'
import { countOf, namesOf } from './arguments.mjs'
import { engineNames } from './engines/index.mjs'
import { about } from './measure/about.mjs'
import { childRun, inDirectory } from './measure/child-run.mjs'
import { printSteadyHead, printSteadyRun } from './report/steady/steady-text.mjs'
import { backups, defaultEngines, policies, settings } from './steady/settings.mjs'

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    engines: { type: 'string', default: defaultEngines.join(',') },
    policies: { type: 'string', default: 'leveled' },
    backups: { type: 'string', default: 'without' },
    reads: { type: 'string', default: '0' },
    keys: { type: 'string', default: '3m' },
    rounds: { type: 'string', default: '1' },
    before: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const parent = mkdtempSync(join(args.dir, 'varve-steady-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

// The picture needs the packages of bench/, which the measurement does without.
const { writeSteadyReport } =
  args.out === undefined ? {} : await import('./report/steady/write-steady-report.mjs')
const runs = []
let hasFailed = false
printSteadyHead()
for (let round = 0; round < Number(args.rounds); round++) {
  for (const { build, ...run } of plans()) await runOne({ ...run, round }, build)
}
await writeSteadyReport?.(reportOf(earlierRuns(args.out)), args.out)
process.exit(hasFailed ? 1 : 0)

/** The compared runs follow each other directly: before, after and the peers under one load. */
function* plans() {
  const load = { seconds: Number(args.seconds), keys: countOf(args.keys, 'keys') }
  const engines = namesOf(args.engines, 'engines', engineNames)
  for (const backup of namesOf(args.backups, 'backups', backups)) {
    for (const readsPerSecond of args.reads.split(',').map((text) => countOf(text, 'reads'))) {
      const shared = { ...load, backup, readsPerSecond }
      for (const policy of engines.includes('varve')
        ? namesOf(args.policies, 'policies', policies)
        : []) {
        if (args.before !== undefined) {
          yield { ...shared, engine: 'varve before', policy, build: resolvePath(args.before) }
        }
        yield { ...shared, engine: 'varve', policy }
      }
      if (backup === 'with') continue
      for (const engine of engines) if (engine !== 'varve') yield { ...shared, engine }
    }
  }
}

async function runOne(run, build) {
  const script = new URL('./steady/one-run.mjs', import.meta.url)
  try {
    await inDirectory(parent, 'run', async (directory) => {
      const figures = await childRun(script, { ...settings, ...run, build, directory })
      runs.push({ ...run, ...figures })
      printSteadyRun(runs.at(-1))
    })
  } catch (error) {
    hasFailed = true
    console.error(`FAILED: ${Object.values(run).join(', ')}: ${error.message}`)
  }
}

function reportOf(earlier) {
  const names = ['engine', 'policy', 'backup', 'readsPerSecond', 'round']
  const isNew = (old) => runs.some((run) => names.every((name) => run[name] === old[name]))
  return {
    about: about(),
    command: `npm run bench:steady -- ${process.argv.slice(2).join(' ')}`.trim(),
    settings,
    runs: [...earlier.filter((run) => !isNew(run)), ...runs],
  }
}

function earlierRuns(folder) {
  const file = join(folder, 'steady.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).runs : []
}
