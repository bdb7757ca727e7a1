// Micro-benchmarks of the hot parts, as ratios to those same parts as they once were, measured
// beside them: a ratio that no machine, Node.js version or load changes much.
//
//   node bench/micro.mjs             shows them
//   node bench/micro.mjs --check     exits 1 when one is more than 20% slower than it was
//   node bench/micro.mjs --update    makes the present build what later ones are compared with
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { takeReference, unpackReference } from './micro/reference.mjs'
import { tasks } from './micro/tasks.mjs'

const { values: args } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})

const tolerance = 0.2
const processes = 3
/** More processes that measure an operation which seems slower, before the result is believed. */
const maxRetries = 12

if (args.update) takeReference()
const folder = mkdtempSync(join(tmpdir(), 'varve-micro-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const referenceTasks = unpackReference(folder)
const names = Object.keys(tasks).filter((name) => name.includes(args.only))
/** Best times of all processes. */
const best = new Map(names.map((name) => [name, { now: Infinity, reference: Infinity }]))

for (let i = 0; i < processes; i++) await measure(names)
for (let i = 0; args.check && i < maxRetries; i++) {
  const slow = names.filter(isSlower)
  if (slow.length === 0) break
  await measure(slow)
}
report()
if (args.check && names.some(isSlower)) process.exit(1)

/** Adds one process to the best times of some tasks. */
async function measure(some) {
  const script = new URL('micro/one-process.mjs', import.meta.url)
  const started = fork(script, [JSON.stringify({ referenceTasks, names: some })])
  let times
  started.on('message', (message) => (times = message))
  const code = await new Promise((resolve) => started.on('exit', resolve))
  if (times === undefined) throw new Error(`a measuring process ended with code ${code}`)
  for (const [name, { now, reference = NaN }] of Object.entries(times)) {
    const pooled = best.get(name)
    pooled.now = Math.min(pooled.now, now)
    pooled.reference = Math.min(pooled.reference, reference)
  }
}

/** How many times as long as the yardstick's; NaN of a task that it does not have. */
function ratioOf(name) {
  const { now, reference } = best.get(name)
  return now / reference
}

function isSlower(name) {
  return ratioOf(name) > 1 + tolerance
}

function report() {
  console.log('      ns    before   ratio  operation')
  for (const name of names) {
    const { now, reference } = best.get(name)
    const isNew = Number.isNaN(reference)
    const cells = [
      now.toFixed(0).padStart(8),
      (isNew ? '–' : reference.toFixed(0)).padStart(9),
      (isNew ? 'new' : ratioOf(name).toFixed(2)).padStart(7),
    ]
    console.log(`${cells.join(' ')}  ${name}${isSlower(name) ? '  SLOWER' : ''}`)
  }
}
