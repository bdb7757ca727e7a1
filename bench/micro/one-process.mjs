// Times tasks, the present ones and those of the yardstick by turns, in a process of its own: what
// V8 makes of a program, and where its memory lies, differ from one process to the next. Started by
// micro.mjs.
import { tasks } from './tasks.mjs'

const { referenceTasks, names } = JSON.parse(process.argv[2])
const warmUpRounds = 60
const rounds = 150

const { tasks: before } = await import(referenceTasks)
process.send(Object.fromEntries(names.map((name) => [name, timed(name)])), () => process.exit())

/** Nanoseconds of an operation. Noise only ever adds, so the best round is the code's own time. */
function timed(name) {
  const sides = [tasks[name](), before[name]?.()].filter((side) => side !== undefined)
  const bestMs = sides.map(() => Infinity)
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    if (round === warmUpRounds) bestMs.fill(Infinity)
    for (let turn = 0; turn < sides.length; turn++) {
      const side = (round + turn) % sides.length
      const start = performance.now()
      sides[side].run()
      bestMs[side] = Math.min(bestMs[side], performance.now() - start)
    }
  }
  const [now, reference] = bestMs.map((ms, side) => (ms * 1e6) / sides[side].operations)
  return { now, reference }
}
