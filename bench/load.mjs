// A load that does not fit into memory: writes N records in random order with default options, closes,
// opens again and reads every one back. Reports speed, stalls, resident memory and event-loop delay,
// and exits with 1 when a record is wrong or memory goes over the bound.
//
//   npm run bench:load -- --records 5000000 --dir /tmp/varve-load --maxRssMB 512
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { open } from '../packages/varve/dist/index.js'

const { values: args } = parseArgs({
  options: {
    records: { type: 'string', default: '5000000' },
    dir: { type: 'string' },
    maxRssMB: { type: 'string', default: '512' },
  },
})
const records = Number(args.records)
const batchSize = 1000
const directory = args.dir ?? mkdtempSync(join(tmpdir(), 'varve-load-'))
let peakRss = 0

rmSync(directory, { recursive: true, force: true })
try {
  await write()
  await readBack()
  const peakMB = peakRss / 1e6
  console.log(`peak resident memory ${peakMB.toFixed(0)} MB`)
  if (peakMB > Number(args.maxRssMB)) throw new Error(`more than ${args.maxRssMB} MB`)
} finally {
  if (args.dir === undefined) rmSync(directory, { recursive: true, force: true })
}

async function write() {
  const db = await open(directory)
  db.on('stall', ({ severity, message }) => console.log(`  ${severity}: ${message}`))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let worstMs = 0
  const start = performance.now()
  for (let i = 0; i < records; i += batchSize) {
    const operations = []
    const end = Math.min(i + batchSize, records)
    for (let j = i; j < end; j++) operations.push({ type: 'put', key: keyOf(j), value: valueOf(j) })
    const before = performance.now()
    await db.batch(operations)
    worstMs = Math.max(worstMs, performance.now() - before)
    if (i % 500_000 === 0) report(db, i + batchSize, start)
  }
  report(db, records, start)
  delay.disable()
  const { stalls, amplification } = db.stats()
  console.log(
    `written: ${perOperation(start, records)} µs a record, write amplification ` +
      `${amplification.write.toFixed(2)}, slowest batch ${worstMs.toFixed(1)} ms, stalled ` +
      `${stalls.timeMs.toFixed(0)} ms, event-loop delay p99.9 ${ms(delay.percentile(99.9))}, ` +
      `max ${ms(delay.max)}`,
  )
  await db.close()
}

async function readBack() {
  let start = performance.now()
  const db = await open(directory)
  const { replayedRecords } = db.stats().recovery
  console.log(
    `opened in ${(performance.now() - start).toFixed(0)} ms, ${replayedRecords} commits replayed`,
  )
  start = performance.now()
  for (let i = 0; i < records; i++) {
    if (db.getSync(keyOf(i)) !== valueOf(i)) throw new Error(`record ${i} is wrong`)
    if (i % 100_000 === 0) notePeak()
  }
  console.log(`every record read back: ${perOperation(start, records)} µs a get`)
  start = performance.now()
  let count = 0
  for (const key of db.keys()) count += key.length === 16 ? 1 : 0
  if (count !== records) throw new Error(`a scan finds ${count} records`)
  console.log(`scanned: ${perOperation(start, records)} µs a key`)
  notePeak()
  await db.close()
}

function report(db, written, start) {
  notePeak()
  const levels = db.levels().map(({ tables }) => tables.length)
  console.log(
    `${written} written, ${perOperation(start, written)} µs a record, tables by level ${levels.join(' ')}, ` +
      `resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  )
}

function notePeak() {
  peakRss = Math.max(peakRss, process.memoryUsage().rss, process.resourceUsage().maxRSS * 1024)
}

/** Distinct keys of 16 hexadecimal digits in no order: odd factors permute the 32-bit numbers. */
function keyOf(i) {
  return word(Math.imul(i, 0x9e3779b1)) + word(Math.imul(i + 1, 0x85ebca6b))
}

function word(number) {
  return (number >>> 0).toString(16).padStart(8, '0')
}

function valueOf(i) {
  return `${i}:`.padEnd(50, 'abcdefghij') + 'abcdefghij'.repeat(5)
}

function perOperation(start, count) {
  return (((performance.now() - start) * 1000) / count).toFixed(2)
}

function ms(nanoseconds) {
  return `${(nanoseconds / 1e6).toFixed(1)} ms`
}
