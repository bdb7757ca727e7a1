// Fills a database, or reads one, in a process of its own within a memory group. The plan comes as
// JSON in the first argument, and the figures go to the parent. Started by memory.mjs.
import { answerPlan, plan } from '../measure/answer-plan.mjs'
import { diskBytes } from '../measure/process-figures.mjs'
import { joinGroup } from './memory-group.mjs'
import { openForMemory } from './open-engine.mjs'
import { MemoryRecords, valuesOf } from './records.mjs'
import { measure, warmUp, workloads } from './workloads.mjs'

const batchSize = 1000

joinGroup(plan.processesFile)
await answerPlan(plan.step === 'fill' ? fill : read)

async function fill() {
  const { engine, directory, dataset, encoding, records } = plan
  const source = new MemoryRecords(records, encoding, valuesOf(dataset).values)
  const db = await openForMemory(engine, directory, plan)
  const startMs = performance.now()
  for (let i = 0; i < records; i += batchSize) {
    const length = Math.min(batchSize, records - i)
    await db.batch(Array.from({ length }, (_, j) => source.put(i + j)))
  }
  const fillMs = performance.now() - startMs
  await db.settle()
  await db.close()
  return { fillMicroseconds: (fillMs * 1000) / records, diskBytes: diskBytes(directory) }
}

async function read() {
  const { engine, directory, encoding, records, seconds, round } = plan
  const source = new MemoryRecords(records, encoding, ['x'.repeat(400)])
  const number = source.random(round + 1)
  const db = await openForMemory(engine, directory, plan)
  const pick = () => source.key(number())
  const put = () => {
    const key = number()
    return db.put(source.key(key), source.value(key))
  }
  const results = {}
  for (const [name, stepFor] of Object.entries(workloads)) {
    const step = stepFor({ db, pick, put })
    if (step === undefined) continue
    await warmUp(step, seconds / 4)
    results[name] = await measure(step, seconds)
  }
  await db.close()
  return { results }
}
