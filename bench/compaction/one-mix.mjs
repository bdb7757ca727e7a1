// One policy under one mix, in a process of its own: the plan comes as JSON in the first argument,
// the figures go out on the channel to the parent. Started by compaction.mjs.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { open } from '../../packages/varve/dist/index.js'
import { answerPlan, plan } from '../measure/answer-plan.mjs'
import { cpuSeconds, runQueueSeconds } from '../measure/process-figures.mjs'
import { generator } from '../workloads/random.mjs'
import { mixes } from './mixes.mjs'
import { Workload } from './workload.mjs'

/**
 * Operations from one turn of the event loop to the next: jobs that end are installed in between.
 */
const operationsPerTurn = 50
const slotMs = 100

await answerPlan(run)

async function run() {
  const { load, phases } = mixes[plan.mix]
  const db = await open(plan.directory, {
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    memtableBytes: plan.memtableBytes,
    tableBytes: plan.tableBytes,
    cacheBytes: plan.cacheBytes,
    compaction: plan.policy,
  })
  const workload = new Workload({ ...plan, putsPerGet: 0 })
  const operations = operationsOf(db, workload)
  await warmUp(operations, load ? plan.records : plan.warmUpOperations)
  if (load) await settle(db)
  const draw = generator(plan.seed)
  const startMs = performance.now()
  const startWallMs = Date.now()
  const cpuBefore = cpuSeconds()
  const queuedBefore = runQueueSeconds()
  const slots = []
  const phaseSeconds = []
  for (const phase of phases) {
    const fromMs = performance.now()
    for (let i = 0; i < phase.operations; i++) {
      await operations[kindOf(phase, draw() / 2 ** 32)]()
      if (i % operationsPerTurn > 0) continue
      await nextTurn()
      const slot = Math.floor((performance.now() - startMs) / slotMs)
      slots[slot] = (slots[slot] ?? 0) + operationsPerTurn
    }
    phaseSeconds.push((performance.now() - fromMs) / 1000)
  }
  const seconds = (performance.now() - startMs) / 1000
  const usedCpuSeconds = cpuSeconds() - cpuBefore
  const queuedSeconds = runQueueSeconds() - queuedBefore
  const { amplification, compactions, stalls, tables } = db.stats()
  const runs = db.levels().reduce((sum, level) => sum + level.runs, 0)
  await db.close()
  return {
    operations: phases.reduce((sum, phase) => sum + phase.operations, 0),
    seconds,
    phaseSeconds,
    cpuSeconds: usedCpuSeconds,
    queuedSeconds,
    stalledSeconds: stalls.timeMs / 1000,
    writeAmplification: amplification.write,
    tableBytes: tables.sizeBytes,
    runs,
    changes: compactions.policyChanges.map(({ atMs, from, to, reason }) => ({
      s: (atMs - startWallMs) / 1000,
      from,
      to,
      reason,
    })),
    slotMs,
    slots: Array.from(slots, (count) => count ?? 0),
  }
}

function kindOf({ put = 0, get = 0 }, drawn) {
  if (drawn < put) return 'put'
  return drawn < put + get ? 'get' : 'scan'
}

function operationsOf(db, workload) {
  const { entriesPerScan } = plan
  return {
    put: () => db.put(workload.nextPut(), workload.nextValue()),
    async get() {
      if ((await db.get(workload.nextGet())) === undefined) throw new Error('a record is missing')
    },
    scan() {
      const entries = [...db.entries({ gte: workload.nextGet(), limit: entriesPerScan })]
      if (entries.length === 0) throw new Error('a scan found nothing')
    },
  }
}

async function warmUp(operations, puts) {
  for (let i = 0; i < puts; i++) {
    await operations.put()
    if (i % operationsPerTurn === 0) await nextTurn()
  }
  for (let i = 0; i < plan.warmUpOperations; i++) {
    await operations.get()
    operations.scan()
  }
}

/** Waits until no compaction is due. */
async function settle(db) {
  await db.flush()
  for (;;) {
    const { compactions } = db.stats()
    if (compactions.running === 0 && compactions.debtBytes === 0) return
    await sleep(slotMs)
  }
}
