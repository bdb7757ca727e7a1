import { destroy, open } from 'varve'
import { type Job, Scheduler, type Task } from './scheduler.js'

/** Time passes when the program says so. */
let nowMs = 0
const onFailure = (error: unknown, { id }: Job): void =>
  console.log(`${id} failed: ${String(error)}`)
const options = { now: () => nowMs, onFailure }
let isMailDown = true

const tasks: Record<string, Task> = {
  report(_job, slotMs) {
    console.log(`${nowMs / 1000} s: report of ${slotMs / 1000} s`)
    return [{ type: 'put', key: `report/${slotMs}`, value: 'all is well' }]
  },
  mail({ payload }, slotMs) {
    console.log(`${nowMs / 1000} s: mail of ${slotMs / 1000} s to ${payload as string}`)
    if (isMailDown) throw new Error('no connection')
  },
}

await destroy('./scheduler-data')
{
  await using db = await open('./scheduler-data', { valueEncoding: 'json' })
  const scheduler = new Scheduler(db, tasks, options)
  scheduler.schedule({ id: 'hourly', task: 'report', dueMs: 10_000, everyMs: 10_000 })
  scheduler.schedule({ id: 'welcome', task: 'mail', dueMs: 15_000, payload: 'ada' })
  scheduler.schedule({ id: 'never', task: 'mail', dueMs: 16_000 })
  scheduler.cancel('never')
  for (nowMs = 0; nowMs <= 20_000; nowMs += 500) await scheduler.runDue()
}
{
  nowMs = 55_000
  isMailDown = false
  console.log(`the process was down until ${nowMs / 1000} s`)
  await using db = await open('./scheduler-data', { valueEncoding: 'json' })
  const scheduler = new Scheduler(db, tasks, options)
  for (; nowMs <= 70_000; nowMs += 500) await scheduler.runDue()
  console.log('reports:', [...db.keys({ prefix: 'report/' })].length)
}
{
  console.log('by the clock of the machine:')
  await using db = await open('./scheduler-data', { valueEncoding: 'json' })
  const stop = new AbortController()
  let ticks = 0
  const tick = (): void => {
    console.log(`tick ${++ticks}`)
    if (ticks === 3) stop.abort()
  }
  const scheduler = new Scheduler(db, { tick, report: () => {} }, { onFailure })
  const running = scheduler.run(stop.signal)
  scheduler.schedule({ id: 'tick', task: 'tick', dueMs: Date.now() + 20, everyMs: 20 })
  await running
}
