// One step of a run on Varve, in a process of its own: the plan comes as JSON in the first
// argument, the figures go out on the channel to the parent. Started by scale.mjs.
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from '../../packages/varve/dist/index.js'
import { answerPlan } from '../measure/answer-plan.mjs'
import { LatencyHistogram } from '../measure/latency-histogram.mjs'
import {
  cpuSeconds,
  cpuSecondsOf,
  diskBytes,
  peakRssBytes,
  writtenBytes,
} from '../measure/process-figures.mjs'
import { NumberedRecords, recordBytes } from './numbered-records.mjs'
import { varveOptions } from './settings.mjs'

const steps = { fill, reopen }
const settlePollMs = 10
const sampleSize = 50_000

await answerPlan((plan) => steps[plan.step](plan))

/**
 * Writes all records one write after the other, then waits until compaction has nothing left to do.
 */
async function fill({ directory, records, recordsPerWrite }) {
  const source = new NumberedRecords(records, recordsPerWrite)
  const latencies = new LatencyHistogram()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const db = await open(directory, varveOptions)
  const cpuBefore = { all: cpuSeconds(), main: cpuSecondsOfMainThread() }
  const writtenBefore = writtenBytes()
  delay.enable()
  const start = performance.now()
  let last = start
  for (let i = 0; i < records; i += recordsPerWrite) {
    await db.batch(source.batch(i, Math.min(i + recordsPerWrite, records)))
    const now = performance.now()
    latencies.record(now - last)
    last = now
  }
  const filledMs = last - start
  await settled(db, directory)
  const settledMs = performance.now() - start
  delay.disable()
  const { stalls } = db.stats()
  const figures = {
    fillMicroseconds: (filledMs * 1000) / records,
    microseconds: (settledMs * 1000) / records,
    cpuSeconds: cpuSeconds() - cpuBefore.all,
    mainThreadCpuSeconds: cpuSecondsOfMainThread() - cpuBefore.main,
    writeAmplification: (writtenBytes() - writtenBefore) / (records * recordBytes),
    latency: latencyFigures(latencies),
    eventLoopDelayMs: delayFigures(delay),
    stalls: { count: stalls.count, seconds: stalls.timeMs / 1000 },
    levels: levelShape(db),
  }
  const closeStart = performance.now()
  await db.close()
  const closeMs = performance.now() - closeStart
  return { ...figures, closeMs, diskBytes: diskBytes(directory), peakRssBytes: peakRssBytes() }
}

/** Opens, reads records back, and with `flush` leaves no log to replay. */
async function reopen({ directory, records, flush, check }) {
  const source = new NumberedRecords(records)
  const start = performance.now()
  const db = await open(directory, varveOptions)
  const openMs = performance.now() - start
  const { replayedRecords } = db.stats().recovery
  const readStart = performance.now()
  const reads = check === 'all' ? records : Math.min(records, sampleSize)
  const stride = records / reads
  for (let i = 0; i < reads; i++) requireRecord(db, source.record(Math.floor(i * stride)))
  const readMicroseconds = ((performance.now() - readStart) * 1000) / reads
  const scanMicroseconds = check === 'all' ? scan(db, records) : undefined
  if (flush) {
    await db.flush()
    await settled(db, directory)
  }
  await db.close()
  const peak = peakRssBytes()
  return { openMs, replayedRecords, readMicroseconds, scanMicroseconds, peakRssBytes: peak }
}

function requireRecord(db, { key, value }) {
  const found = db.getSync(key)
  if (found !== undefined && value.equals(found)) return
  throw new Error(`the record of key ${key} is ${found === undefined ? 'missing' : 'wrong'}`)
}

/** @returns microseconds per key */
function scan(db, records) {
  const start = performance.now()
  let number = 0
  for (const key of db.keys()) {
    if (Number(Buffer.from(key)) !== number++) throw new Error(`a scan finds ${key} out of order`)
  }
  if (number !== records) throw new Error(`a scan finds ${number} records`)
  return ((performance.now() - start) * 1000) / records
}

/**
 * Resolves when nothing waits for a flush (each memtable has a log of its own) or for compaction.
 */
async function settled(db, directory) {
  for (;;) {
    const { running, debtBytes } = db.stats().compactions
    const logs = readdirSync(directory).filter((name) => name.endsWith('.log'))
    if (running === 0 && debtBytes === 0 && logs.length <= 1) return
    await sleep(settlePollMs)
  }
}

function cpuSecondsOfMainThread() {
  return cpuSecondsOf(`self/task/${process.pid}`)
}

function latencyFigures(histogram) {
  const us = (share) => Number(histogram.percentileUs(share).toPrecision(4))
  return { p50: us(0.5), p99: us(0.99), p999: us(0.999), max: us(1) }
}

function delayFigures(delay) {
  const ms = (nanoseconds) => Number((nanoseconds / 1e6).toFixed(2))
  return { p50: ms(delay.percentile(50)), p999: ms(delay.percentile(99.9)), max: ms(delay.max) }
}

/** Tables and bytes of the levels in use. */
function levelShape(db) {
  return db
    .levels()
    .filter(({ tables }) => tables.length > 0)
    .map(({ level, tables, sizeBytes }) => ({ level, tables: tables.length, sizeBytes }))
}
