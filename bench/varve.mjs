// Varve alone: microseconds per operation for the workloads that the README shows.
//
//   npm run bench [-- --records 500000 --rounds 3 --dir /tmp/varve-bench --json]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { open } from '../packages/varve/dist/index.js'
import { generator, keyOf, median, shuffled, valueSource } from './workload.mjs'

const { values: args } = parseArgs({
  options: {
    records: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string' },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const records = Number(args.records)
const rounds = Number(args.rounds)
const parent = args.dir ?? mkdtempSync(join(tmpdir(), 'varve-bench-'))
const value = valueSource(100, 7)
const order = shuffled(records, 42)
const wanted = (name) => args.only === undefined || name.includes(args.only)

/** Workload name → microseconds per operation of every round. */
const figures = new Map()
let directories = 0

for (let round = 0; round < rounds; round++) {
  await fills()
  await reads()
}
report()
if (args.dir === undefined) rmSync(parent, { recursive: true, force: true })

async function fills() {
  await fill('fillrandom, batches of 1,000', records, async (db) => {
    for (let i = 0; i < records; i += 1000) {
      const operations = []
      for (let j = i; j < Math.min(records, i + 1000); j++) {
        operations.push({ type: 'put', key: keyOf(order[j]), value: value(j) })
      }
      await db.batch(operations)
    }
  })
  await fill('fillrandom, one by one, await', records, async (db) => {
    for (let i = 0; i < records; i++) await db.put(keyOf(order[i]), value(i))
  })
  await fill('fillrandom, one by one, sync API', records, (db) => {
    for (let i = 0; i < records; i++) db.putSync(keyOf(order[i]), value(i))
  })
  await fill('fillrandom, 256 concurrent puts', records, async (db) => {
    const puts = []
    for (let i = 0; i < records; i++) {
      puts.push(db.put(keyOf(order[i]), value(i)))
      if (puts.length === 256) await Promise.all(puts.splice(0))
    }
    await Promise.all(puts)
  })
  await fill('fillseq, one by one, await', records, async (db) => {
    for (let i = 0; i < records; i++) await db.put(keyOf(i), value(i))
  })
  await fill('fillsync, one by one', 500, async (db) => {
    for (let i = 0; i < 500; i++) await db.put(keyOf(order[i]), value(i), { sync: true })
  })
}

async function reads() {
  const db = await openNew()
  for (let i = 0; i < records; i += 1000) {
    await db.batch(
      Array.from(order.subarray(i, i + 1000), (number, j) => ({
        type: 'put',
        key: keyOf(number),
        value: value(i + j),
      })),
    )
  }
  await readAll(db, '')
  await db.flush()
  await db.compact()
  await readAll(db, ', compacted')
  await db.close()
}

/** The state right after a load holds part of the data in memory; the other one is all in tables. */
async function readAll(db, state) {
  const next = generator(99)
  const count = Math.min(records, 200_000)
  await timed(`readrandom, await${state}`, count, async () => {
    for (let i = 0; i < count; i++) check(await db.get(keyOf(next() % records)))
  })
  await timed(`readrandom, sync, hit${state}`, count, () => {
    for (let i = 0; i < count; i++) check(db.getSync(keyOf(next() % records)))
  })
  await timed(`readrandom, sync, absent${state}`, count, () => {
    for (let i = 0; i < count; i++) {
      if (db.getSync(`${keyOf(next() % records)}.`) !== undefined) throw new Error('not absent')
    }
  })
  await timed(`readseq, per entry${state}`, records, () => {
    let seen = 0
    for (const entry of db.entries()) seen += entry.length === 2 ? 1 : 0
    if (seen !== records) throw new Error(`scan gave ${seen} of ${records}`)
  })
  await timed(`readseq, for await${state}`, records, async () => {
    let seen = 0
    for await (const entry of db.entries()) seen += entry.length === 2 ? 1 : 0
    if (seen !== records) throw new Error(`scan gave ${seen} of ${records}`)
  })
  await timed(`readreverse, per entry${state}`, records, () => {
    let seen = 0
    for (const entry of db.entries({ reverse: true })) seen += entry.length === 2 ? 1 : 0
    if (seen !== records) throw new Error(`scan gave ${seen} of ${records}`)
  })
  await timed(`seekrandom, 50 entries${state}`, 20_000, () => {
    for (let i = 0; i < 20_000; i++) {
      for (const entry of db.entries({ gte: keyOf(next() % records), limit: 50 })) check(entry)
    }
  })
}

async function fill(name, count, run) {
  if (!wanted(name)) return
  const db = await openNew()
  await timed(name, count, () => run(db))
  await db.close()
}

async function timed(name, count, run) {
  if (!wanted(name)) return
  const start = process.hrtime.bigint()
  await run()
  const microseconds = Number(process.hrtime.bigint() - start) / 1000 / count
  if (!figures.has(name)) figures.set(name, [])
  figures.get(name).push(microseconds)
  if (!args.json) process.stderr.write(`${name}: ${microseconds.toFixed(3)}\n`)
}

function openNew() {
  const path = join(parent, `db-${directories++}`)
  rmSync(path, { recursive: true, force: true })
  return open(path)
}

function check(found) {
  if (found === undefined) throw new Error('a record is missing')
}

function report() {
  const rows = [...figures].map(([workload, all]) => ({
    workload,
    microseconds: Number(median(all).toFixed(3)),
    lowest: Number(Math.min(...all).toFixed(3)),
    highest: Number(Math.max(...all).toFixed(3)),
  }))
  if (args.json) {
    console.log(JSON.stringify({ node: process.version, records, rounds, rows }, null, 2))
    return
  }
  console.log(`\nmicroseconds per operation, ${records} records, median of ${rounds} rounds`)
  for (const { workload, microseconds, lowest, highest } of rows) {
    const figure = microseconds.toFixed(2).padStart(9)
    console.log(`${figure}  (${lowest.toFixed(2)}–${highest.toFixed(2)})  ${workload}`)
  }
}
