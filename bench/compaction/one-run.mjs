// One policy in one mode, in a process of its own: the plan comes as JSON in the first argument,
// the figures go out on the channel to the parent. Started by compaction.mjs.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { open } from '../../packages/varve/dist/index.js'
import { answerPlan, plan } from '../measure/answer-plan.mjs'
import { LatencyHistogram } from '../measure/latency-histogram.mjs'
import { cpuSeconds, peakRssBytes, runQueueSeconds } from '../measure/process-figures.mjs'
import { slotMs, Timeline } from './timeline.mjs'
import { keyBytes, Workload } from './workload.mjs'

await answerPlan(run)

async function run() {
  const { directory, policy, mode, sizeRatio, memtableBytes } = plan
  const db = await open(directory, {
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    memtableBytes,
    tableBytes: plan.tableBytes,
    compaction: { policy, sizeRatio },
    background: mode,
  })
  const workload = new Workload(plan)
  await warmUp(db, workload)
  const bytesBefore = tableBytesWritten(db)
  const cpuBefore = cpuSeconds()
  const queuedBefore = runQueueSeconds()
  const startMs = performance.now()
  const latencies = { put: new LatencyHistogram(), get: new LatencyHistogram() }
  const timeline = new Timeline(startMs)
  const note = (kind, fromMs) => {
    const nowMs = performance.now()
    latencies[kind].record(nowMs - fromMs)
    timeline.operation(nowMs, nowMs - fromMs)
  }
  const watch = watchEventLoop(db, timeline)
  await (plan.ratePerSecond === 0 ? flatOut : atRate)(db, workload, note)
  const seconds = (performance.now() - startMs) / 1000
  const usedCpuSeconds = cpuSeconds() - cpuBefore
  const queuedSeconds = runQueueSeconds() - queuedBefore
  watch.stop()
  const { stalls, flushes, compactions } = db.stats()
  const readAmplification = await readSome(db, workload)
  const settled = await settle(db)
  const writtenBytes = tableBytesWritten(db)
  const liveBytes = await leastBytes(db)
  await db.close()
  return {
    seconds,
    cpuSeconds: usedCpuSeconds,
    queuedSeconds,
    peakRssBytes: peakRssBytes(),
    latency: { put: latencyOf(latencies.put), get: latencyOf(latencies.get) },
    curve: latencies.put.curve(),
    turns: watch.turns(),
    stalls,
    flushes: { count: flushes.count, timeMs: flushes.timeMs },
    compactions: { count: compactions.count, moves: compactions.moves, timeMs: compactions.timeMs },
    levels: settled.levels,
    liveBytes,
    amplification: {
      write: (writtenBytes - bytesBefore) / (plan.operations * (keyBytes + plan.valueBytes)),
      read: readAmplification,
      space: settled.tableBytes / liveBytes,
    },
    timeline: timeline.rows(),
  }
}

/** Until code is compiled, the background thread runs and there is a tree: none of it counts. */
async function warmUp(db, workload) {
  for (let i = 0; i < plan.warmUpOperations; i++) {
    await db.put(workload.nextPut(), workload.nextValue())
  }
  await db.flush()
}

/** One operation after the other, as fast as the database takes them. */
async function flatOut(db, workload, note) {
  for (let i = 0; i < plan.operations; i++) {
    const fromMs = performance.now()
    await db.put(workload.nextPut(), workload.nextValue())
    note('put', fromMs)
    if (i % plan.putsPerGet === 0) await get(db, workload, note, performance.now())
  }
}

/**
 * Operations that come when they come, whether the database is ready or not. Latency counts from
 * the moment at which one was due: an operation that waits for a slow one is slow.
 */
async function atRate(db, workload, note) {
  const startMs = performance.now()
  const perMs = plan.ratePerSecond / 1000
  const pending = new Set()
  const begin = (kind, promise, dueMs) => {
    const ended = promise.then(() => {
      note(kind, dueMs)
      pending.delete(ended)
    })
    pending.add(ended)
  }
  for (let i = 0; i < plan.operations;) {
    const due = Math.min(plan.operations, Math.floor((performance.now() - startMs) * perMs))
    for (; i < due; i++) {
      const dueMs = startMs + (i + 1) / perMs
      begin('put', db.put(workload.nextPut(), Buffer.from(workload.nextValue())), dueMs)
      if (i % plan.putsPerGet === 0) begin('get', db.get(workload.nextGet()), dueMs)
    }
    await nextTurn()
  }
  await Promise.all(pending)
}

async function get(db, workload, note, fromMs) {
  const value = await db.get(workload.nextGet())
  if (value === undefined) throw new Error('a record that was written is not there')
  note('get', fromMs)
}

/** Looks at how long each turn of the event loop takes, and now and then at the tree. */
function watchEventLoop(db, timeline) {
  const histogram = new LatencyHistogram()
  let lastMs = performance.now()
  let sampledMs = 0
  let isOver = false
  const again = () => void sleep(1).then(turn)
  const turn = () => {
    if (isOver) return
    const nowMs = performance.now()
    histogram.record(nowMs - lastMs)
    timeline.turn(nowMs, nowMs - lastMs)
    lastMs = nowMs
    if (nowMs - sampledMs >= slotMs) {
      sampledMs = nowMs
      const { stalls, compactions, bytes } = db.stats()
      timeline.sample(nowMs, {
        stallMs: stalls.timeMs,
        level0: db.levels()[0].tables.length,
        debtBytes: compactions.debtBytes,
        writtenBytes: bytes.log + bytes.flush + bytes.compaction,
      })
    }
    again()
  }
  again()
  return { stop: () => (isOver = true), turns: () => latencyOf(histogram) }
}

/** Table blocks looked into for each point read, while the tree is as the run has left it. */
async function readSome(db, workload) {
  const touched = () => db.stats().amplification.read * db.stats().operations.gets
  const before = touched()
  for (let i = 0; i < plan.reads; i++) await get(db, workload, () => {}, 0)
  return (touched() - before) / plan.reads
}

/** Waits until no compaction is due. */
async function settle(db) {
  await db.flush()
  for (;;) {
    const { compactions, tables } = db.stats()
    if (compactions.running === 0 && compactions.debtBytes === 0) {
      const levels = db
        .levels()
        .filter((level) => level.tables.length > 0)
        .map(({ level, runs, sizeBytes }) => ({ level, runs, sizeBytes }))
      return { levels, tableBytes: tables.sizeBytes }
    }
    await sleep(slotMs)
  }
}

function tableBytesWritten(db) {
  const { flush, compaction } = db.stats().bytes
  return flush + compaction
}

/** What the tables take when everything that was overwritten is gone. */
async function leastBytes(db) {
  await db.compact()
  return db.stats().tables.sizeBytes
}

function latencyOf(histogram) {
  const us = (share) => Number(histogram.percentileUs(share).toPrecision(4))
  return {
    p50: us(0.5),
    p90: us(0.9),
    p99: us(0.99),
    p999: us(0.999),
    p9999: us(0.9999),
    max: us(1),
  }
}
