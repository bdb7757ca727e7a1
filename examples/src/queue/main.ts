import { destroy, open } from 'varve'
import { Queue } from './queue.js'

interface Mail {
  to: string
}

/** Time passes when the program says so. */
let nowMs = 0
const options = { visibilityMs: 30_000, maxAttempts: 3, now: () => nowMs }

await destroy('./queue-data')
{
  await using db = await open('./queue-data', { valueEncoding: 'json' })
  const queue = new Queue<Mail>(db, options)
  for (const to of ['ada', 'bob', 'broken address']) queue.add({ to })
  queue.add({ to: 'eve, in a minute' }, 60_000)

  const slow = queue.claim()!
  console.log(`a worker claims the mail to ${slow.body.to}, and hangs`)
  const second = queue.claim()!
  console.log(`another sends the mail to ${second.body.to}: ${queue.done(second)}`)

  nowMs = 30_000
  for (let claim = queue.claim(); claim !== undefined; claim = queue.claim()) {
    console.log(`after 30 s: ${claim.body.to}, attempt ${claim.attempt}`)
    if (claim.body.to === 'broken address') queue.postpone(claim, 1000)
    else queue.done(claim)
  }
  console.log(`the first worker is too late: ${queue.done(slow)}`)
}
{
  console.log('the process restarts')
  await using db = await open('./queue-data', { valueEncoding: 'json' })
  const queue = new Queue<Mail>(db, options)
  for (nowMs = 31_000; nowMs <= 120_000; nowMs += 1000) {
    const claim = queue.claim()
    if (claim === undefined) continue
    console.log(`after ${nowMs / 1000} s: ${claim.body.to}, attempt ${claim.attempt}`)
    if (claim.body.to === 'broken address') queue.postpone(claim, 1000)
    else queue.done(claim)
  }
  for (const [id, { to }] of queue.dead()) console.log(`set aside: mail ${Number(id)} to ${to}`)
  console.log(`the next id is ${Number(queue.add({ to: 'zoe' }))}`)
}
