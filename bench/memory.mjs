// Reads of data that is as large as the memory that an engine may use, and larger, side by side:
//
//   node bench/memory.mjs [--memory 256] [--times 1,4,16] [--engines varve,lmdb] [--rounds 3]
//                         [--datasets synthetic,cities] [--encodings utf8,binary] [--seconds 3]
//                         [--dir /fast/disk] [--out folder]
//
// Each engine runs in a process of its own within a control group. README.md has the rest.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { namesOf } from './arguments.mjs'
import { probe as probeDbBench } from './engines/db-bench.mjs'
import { about } from './measure/about.mjs'
import { childRun, flushDirtyPages } from './measure/child-run.mjs'
import { fillDbBench, readDbBench } from './memory/db-bench-run.mjs'
import { MemoryGroup } from './memory/memory-group.mjs'
import { keyBytes, valuesOf } from './memory/records.mjs'
import { datasets, encodings, engineNames } from './memory/settings.mjs'
import { printMemoryRun } from './report/memory/memory-text.mjs'

const { values: args } = parseArgs({
  options: {
    memory: { type: 'string', default: '256' },
    times: { type: 'string', default: '1,4,16' },
    engines: { type: 'string', default: engineNames.join(',') },
    datasets: { type: 'string', default: datasets.join(',') },
    encodings: { type: 'string', default: encodings.join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const memoryBytes = Number(args.memory) * 1024 * 1024
const script = new URL('./memory/one-run.mjs', import.meta.url)
const parent = mkdtempSync(join(args.dir, 'varve-memory-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))
// The run in progress ends, and its control groups are removed. A second signal ends at once.
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (isStopped = true))

// The picture needs the packages of bench/, which a run of Varve alone does without.
const { writeMemoryReport } =
  args.out === undefined ? {} : await import('./report/memory/write-memory-report.mjs')
const report = {
  about: about(),
  command: commandText(),
  memoryMiB: Number(args.memory),
  isLimited: true,
  loads: [],
  failures: [],
  runs: [],
}
for (const times of args.times.split(',').map(Number)) {
  for (const dataset of namesOf(args.datasets, 'datasets', datasets)) {
    if (isStopped) break
    const records = Math.floor((times * memoryBytes) / (keyBytes + valuesOf(dataset).meanBytes))
    await compare({ dataset, times, records, memoryBytes, seconds: Number(args.seconds) })
    await writeMemoryReport?.(report, args.out)
  }
}
for (const failure of report.failures) console.error(`FAILED: ${failure}`)
process.exit(report.failures.length > 0 ? 1 : 0)

/** Fills one database for each engine, then reads them in turns. */
async function compare(load) {
  const filled = []
  try {
    for (const engine of presentEngines(load)) {
      if (isStopped) break
      const directory = join(parent, engine)
      mkdirSync(directory)
      const group = MemoryGroup.create(`varve-bench-${process.pid}-${engine}`)
      if (group === undefined) report.isLimited = false
      const plan = { ...load, engine, directory, processesFile: group?.processesFile }
      filled.push({ plan, group, directory, figures: await attempt({ ...plan, step: 'fill' }) })
      flushDirtyPages()
      group?.limit(memoryBytes)
    }
    for (let round = 0; round < Number(args.rounds); round++) {
      for (const encoding of namesOf(args.encodings, 'encodings', encodings)) {
        for (const { plan, figures } of filled) {
          if (isStopped || figures === undefined || (isDbBench(plan) && encoding === 'binary'))
            continue
          await readOnce({ ...plan, encoding, round }, figures)
        }
      }
    }
  } finally {
    for (const { group, directory } of filled) {
      rmSync(directory, { recursive: true, force: true })
      await group?.remove()
    }
  }
}

async function readOnce(plan, figures) {
  const answer = await attempt({ ...plan, step: 'read' })
  if (answer === undefined) return
  const { engine, dataset, encoding, times, records, round } = plan
  report.loads.push(loadavg()[0])
  report.runs.push({ engine, dataset, encoding, times, records, round, ...figures, ...answer })
  printMemoryRun(report.runs.at(-1))
}

/** Without the places on this machine. */
function commandText() {
  const given = process.argv.slice(2).join(' ')
  return `npm run bench:memory -- ${given.replace(/ ?--(dir|out) \S+/g, '')}`.trim()
}

/** Undefined if the step failed, which the report says. */
async function attempt(plan) {
  const { engine, dataset, times, step } = plan
  try {
    if (isDbBench(plan)) return step === 'fill' ? fillDbBench(plan) : readDbBench(plan)
    return await childRun(script, { encoding: 'utf8', ...plan })
  } catch (error) {
    report.failures.push(`${engine}, ${dataset} ×${times}, ${step}: ${error.message.slice(0, 300)}`)
    console.error(report.failures.at(-1))
    return undefined
  }
}

function isDbBench({ engine }) {
  return engine === 'db_bench'
}

/** db_bench makes its own values. */
function presentEngines({ dataset }) {
  const wanted = namesOf(args.engines, 'engines', engineNames)
  if (dataset === 'synthetic' && probeDbBench() !== undefined) return wanted
  return wanted.filter((engine) => engine !== 'db_bench')
}
