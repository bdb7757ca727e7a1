// Micro-benchmarks of the hot parts, as ratios to a yardstick that is measured beside them, so that
// the figures of different machines and days can be compared:
//
//   node bench/micro.mjs             shows them
//   node bench/micro.mjs --check     exits 1 when one got more than 20% slower than the baseline
//   node bench/micro.mjs --update    makes what it measures the baseline
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { tasks } from './micro/tasks.mjs'
import { Yardstick } from './micro/yardstick.mjs'

const { values: args } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})

const baselineFile = new URL('micro-baseline.json', import.meta.url)
const tolerance = 0.2
const warmUpRounds = 100
const rounds = 200
/** A task that seems slower is measured again so often before that is believed. */
const retries = 6

const yardstick = new Yardstick()
const made = Object.entries(tasks)
  .filter(([name]) => name.includes(args.only))
  .map(([name, make]) => ({ name, make, ...make(), bestMs: Infinity, bestYardstickMs: Infinity }))

measure(made, warmUpRounds)
forget(made)
measure(made, rounds)

if (args.update) {
  const ratios = made.map((task) => [task.name, Number(ratioOf(task).toPrecision(3))])
  const before = args.only === '' ? {} : readBaseline()
  writeFileSync(
    baselineFile,
    `${JSON.stringify({ ...before, ...Object.fromEntries(ratios) }, null, 2)}\n`,
  )
}
const baseline = readBaseline()
if (args.check) retrySlow()
report()
if (args.check && made.some(isSlower)) process.exit(1)

/** Every task once a round, the yardstick right before it: both see the same moods of the machine. */
function measure(some, times) {
  for (let round = 0; round < times; round++) {
    for (const task of some) {
      task.bestYardstickMs = Math.min(task.bestYardstickMs, yardstick.runMs())
      const start = performance.now()
      task.run()
      task.bestMs = Math.min(task.bestMs, performance.now() - start)
    }
  }
}

function forget(some) {
  for (const task of some) task.bestMs = task.bestYardstickMs = Infinity
}

/** Noise only ever adds: the best of many rounds is the code's own time. */
function retrySlow() {
  for (let retry = 0; retry < retries; retry++) {
    const slow = made.filter(isSlower)
    if (slow.length === 0) return
    // Where its memory happens to lie is part of the noise.
    for (const task of slow) Object.assign(task, task.make())
    measure(slow, rounds)
  }
}

/** Time of one operation, in the yardstick's time for 1 KiB. */
function ratioOf({ bestMs, bestYardstickMs, operations }) {
  return bestMs / operations / (bestYardstickMs / Yardstick.kibibytes)
}

function isSlower(task) {
  return baseline[task.name] !== undefined && ratioOf(task) > baseline[task.name] * (1 + tolerance)
}

function report() {
  console.log('   ratio  baseline     change        ns  operation')
  for (const task of made) {
    const ratio = ratioOf(task)
    const known = baseline[task.name]
    const change = known === undefined ? 'new' : `${((ratio / known - 1) * 100).toFixed(0)}%`
    const cells = [
      ratio.toPrecision(3).padStart(8),
      String(known ?? '–').padStart(9),
      `${change}${isSlower(task) ? ' SLOWER' : ''}`.padStart(10),
      ((task.bestMs * 1e6) / task.operations).toFixed(0).padStart(9),
    ]
    console.log(`${cells.join(' ')}  ${task.name}`)
  }
}

function readBaseline() {
  return JSON.parse(readFileSync(baselineFile, 'utf8'))
}
