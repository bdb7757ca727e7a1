// Writes, reads, scans, snapshots, clears, compacts and checkpoints for a while, and looks whether
// memory, file handles, disk and latency stay where they are:
//
//   node bench/soak.mjs [--minutes 10] [--rate 4000] [--seed 1] [--tables 2000] [--memory 256]
//                       [--dir /fast/disk] [--out folder]
//
// Ends with 1 when a line is not flat, or, with --tables, when the memory that stats() reports
// differs too much from what the process takes: see soak/memory.mjs. With --out it writes soak.csv
// and, where the packages of bench/ are installed, soak.svg. README.md has the rest.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { open } from '../packages/varve/dist/index.js'
import { diskBytes } from './measure/process-figures.mjs'
import { Load } from './soak/load.mjs'
import { judge, lines } from './soak/lines.mjs'
import { judgeMemory, memoryOf, memoryParts } from './soak/memory.mjs'
import { shapeOf } from './soak/shape.mjs'
import { generator } from './workloads/random.mjs'

const MiB = 1024 * 1024
/** Caches fill and the tree takes on its shape meanwhile; it does not count. */
const warmUpShare = 0.3
const samplesWanted = 200

const { values: args } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    tables: { type: 'string' },
    memory: { type: 'string', default: '256' },
    dir: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
  },
})
const minutes = Number(args.minutes)
const parent = mkdtempSync(join(args.dir, 'varve-soak-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const { options, keyCount } = shapeOf(args)
const baseline = process.memoryUsage()
const db = await open(join(parent, 'data'), options)
const load = new Load(db, generator(Number(args.seed)), join(parent, 'checkpoint'), keyCount)
await load.fill()
const running = load.run(Number(args.rate))
const samples = await sample()
load.stop()
await running
await db.close()

const measured = samples.slice(Math.floor(samples.length * warmUpShare))
const verdicts = judge(measured)
for (const { title, level, slopePerHour, rise, maxRise, isFlat } of verdicts) {
  const sign = slopePerHour < 0 ? '' : '+'
  const told = `${level.toFixed(1)}, ${sign}${slopePerHour.toFixed(2)} an hour`
  const share = `${(100 * rise).toFixed(1)}% in all, at most ${100 * maxRise}%`
  console.log(`${isFlat ? 'flat' : 'NOT FLAT'}  ${title}: ${told}; ${share}`)
}
const { text, isClose } = judgeMemory(measured)
if (args.tables !== undefined) console.log(text)
if (args.out !== undefined) await write(args.out)
process.exit(
  verdicts.every(({ isFlat }) => isFlat) && (isClose || args.tables === undefined) ? 0 : 1,
)

async function sample() {
  const taken = []
  const startMs = performance.now()
  const everyMs = (minutes * 60_000) / samplesWanted
  while (taken.length < samplesWanted) {
    await sleep(everyMs)
    const { writes, reads, operations } = load.take()
    taken.push({
      seconds: (performance.now() - startMs) / 1000,
      operations,
      ...memoryOf(db, baseline),
      handles: openHandles(),
      diskMiB: diskOf(join(parent, 'data')),
      writeP50Us: writes.percentileUs(0.5),
      writeP99Us: writes.percentileUs(0.99),
      readP50Us: reads.percentileUs(0.5),
      readP99Us: reads.percentileUs(0.99),
    })
  }
  return taken
}

/** Undefined off Linux. */
function openHandles() {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

/** Undefined when a file went while it was looked at. */
function diskOf(directory) {
  try {
    return diskBytes(directory) / MiB
  } catch {
    return undefined
  }
}

async function write(folder) {
  mkdirSync(folder, { recursive: true })
  const names = ['seconds', 'operations', ...Object.keys(lines), ...memoryParts]
  const rows = samples.map((each) => names.map((name) => each[name]?.toFixed(1) ?? '').join(','))
  writeFileSync(join(folder, 'soak.csv'), `${names.join(',')}\n${rows.join('\n')}\n`)
  try {
    const { drawSoak } = await import('./soak/chart.mjs')
    const about = `${minutes} minutes, ${args.rate} operations a second, seed ${args.seed}`
    writeFileSync(join(folder, 'soak.svg'), `${await drawSoak(samples, about)}\n`)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    console.error('no picture: npm install --prefix bench brings what draws it')
  }
}
