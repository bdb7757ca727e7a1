// What operations cost as the number of entries grows, counted and not timed, beside what theory
// says:
//
//   node bench/complexity.mjs [--sizes 10k,100k,1m,10m] [--out folder]
//
// The figures are the same on every machine and in every run. Exits with 1 when one grows faster
// than it may. README.md has the rest.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
const campaign = '../packages/varve/dist/testing/campaigns/complexity'
const { CountedEngine } = await import(`${campaign}/counted-engine.js`)
const { measureFilters } = await import(`${campaign}/filter-measures.js`)
import { measureAt } from '../packages/varve/dist/testing/campaigns/complexity/measure.js'
import { growthProblems } from '../packages/varve/dist/testing/campaigns/complexity/measurement.js'
import { about } from './measure/about.mjs'
import { complexityMarkdown } from './report/compaction/complexity-markdown.mjs'

const filterBits = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
const filterKeys = 100_000
const filterReads = 2_000_000

const { values: args } = parseArgs({
  options: { sizes: { type: 'string', default: '10k,100k,1m,10m' }, out: { type: 'string' } },
})
const sizes = args.sizes.split(',').map(sizeOf)
const engine = new CountedEngine()
process.on('exit', () => engine.close())
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const measurements = []
for (const size of sizes) {
  console.error(`${size.toLocaleString('en-US')} entries …`)
  measurements.push(...(await measureAt(engine, size)))
}
const { commit, node, date } = about()
const report = {
  about: { commit, node, date },
  sizes,
  measurements,
  filters: measureFilters(filterBits, filterKeys, filterReads),
  problems: growthProblems(measurements),
}
const text = complexityMarkdown(report)
console.log(text)
if (args.out !== undefined) {
  mkdirSync(args.out, { recursive: true })
  writeFileSync(join(args.out, 'complexity.md'), text)
  writeFileSync(join(args.out, 'complexity.json'), `${JSON.stringify(report, null, 2)}\n`)
}
process.exit(report.problems.length === 0 ? 0 : 1)

/**
 * 1m is a million. Only powers of ten: keys are scattered by a stride that shares no factor with
 * them.
 */
function sizeOf(text) {
  const [, digits, unit] = /^(\d+)([km]?)$/.exec(text) ?? []
  const size = Number(digits) * { k: 1000, m: 1_000_000 }[unit || 'none'] || Number(digits)
  if (size >= 1000 && Number.isInteger(Math.round(Math.log10(size) * 1e9) / 1e9)) return size
  console.error(`--sizes: ${text} must be a power of ten, 1k at least`)
  process.exit(1)
}
