// Saturating writes in a process of their own: the plan comes as JSON in the first argument, the
// figures go out on the channel to the parent. Started by steady.mjs.
import { answerPlan, plan } from '../measure/answer-plan.mjs'
import { backUpRepeatedly } from './backups.mjs'
import { figuresOf } from './figures.mjs'
import { Keys } from './keys.mjs'
import { openForSteady } from './open-engine.mjs'
import { PacedReads } from './paced-reads.mjs'
import { Seconds } from './seconds.mjs'

await answerPlan(run)

async function run() {
  const { directory, seconds, putsAtOnce } = plan
  const path = `${directory}/db`
  const db = await openForSteady(plan, path)
  const keys = new Keys(plan)
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  const written = new Seconds({ startMs, seconds, path, keys, sample: () => db.sample?.() ?? {} })
  const reads = new PacedReads(plan, startMs, () => db.get(keys.writtenBefore()))
  const backups = backUpRepeatedly(plan, startMs, db)
  while (performance.now() < endMs) {
    reads.startDue()
    const fromMs = performance.now()
    const puts = []
    for (let i = 0; i < putsAtOnce; i++) puts.push(db.put(keys.next(), keys.nextValue()))
    await Promise.all(puts)
    written.batch(fromMs, performance.now(), putsAtOnce)
  }
  reads.stop()
  written.end()
  const finalState = db.sample?.() ?? {}
  const backupCount = await backups.stop()
  await db.close()
  return { ...figuresOf(written, reads, plan), backups: backupCount, finalState }
}
