import { destroy, open } from 'varve'
import { type Job, Jobs } from './jobs.js'

interface Mail {
  to: string
}

/** Time passes when the program says so. */
let nowMs = 0
const options = { leaseMs: 30_000, maxAttempts: 3, now: () => nowMs }

await destroy('./jobs-data')
{
  await using db = await open('./jobs-data', { valueEncoding: 'json' })
  const jobs = await Jobs.open<Mail>(db, options)
  for (const to of ['ada', 'bob', 'eve', 'a broken address']) await jobs.add(`mail-${to}`, { to })
  console.log(`a repeated add changes nothing: ${await jobs.add('mail-ada', { to: 'ada' })}`)

  const claims = await Promise.all([jobs.claim(), jobs.claim(), jobs.claim()])
  console.log(
    `three workers claim: ${claims
      .map((job) => job?.body.to)
      .sort()
      .join(', ')}`,
  )
  const [first, second] = claims.filter((job) => job !== undefined)
  const finish = (job: Job<Mail>): Promise<boolean> =>
    jobs.done(job, (tx) => tx.put(`sent/${job.body.to}`, true))
  console.log(`one is done: ${await finish(first)}`)

  nowMs = 30_000
  console.log('the others die; after the lease:')
  for (let job = await jobs.claim(); job !== undefined; job = await jobs.claim()) {
    if (job.body.to === 'a broken address') await jobs.retry(job, 1000)
    else await finish(job)
  }
  console.log(`  sent to ${[...db.keys({ prefix: 'sent/' })].length}`)
  console.log(`  a worker that comes late: ${await finish(second)}`)
}
{
  console.log('the process restarts')
  await using db = await open('./jobs-data', { valueEncoding: 'json' })
  const jobs = await Jobs.open<Mail>(db, options)
  for (nowMs = 31_000; nowMs < 40_000; nowMs += 1000) {
    const job = await jobs.claim()
    if (job !== undefined) await jobs.retry(job, 1000)
  }
  for (const [id, attempts] of jobs.dead.entries()) console.log(`dead: ${id}, ${attempts} attempts`)
  await jobs.revive('mail-a broken address')
  console.log(`revived: attempt ${(await jobs.claim())?.attempt}`)
}
