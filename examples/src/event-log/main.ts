import { destroy, open } from 'varve'
import { EventLog, type Handler } from './event-log.js'

interface Payment {
  account: string
  amount: number
}

await destroy('./event-log-data')
{
  await using db = await open('./event-log-data', { valueEncoding: 'json' })
  const log = new EventLog<Payment>(db)
  log.append({ account: 'ada', amount: 10 }, { account: 'bob', amount: 20 })
  log.append({ account: 'ada', amount: -3 })
  for (const { offset, event } of log.read()) console.log(offset, event)

  // The balance and the position of the consumer change together.
  const balances: Handler<Payment> = (payments) => {
    const changed = new Map<string, number>()
    for (const { account, amount } of payments.map(({ event }) => event)) {
      const key = `balance/${account}`
      const balance = changed.get(key) ?? ((db.getSync(key) ?? 0) as number)
      changed.set(key, balance + amount)
    }
    return [...changed].map(([key, value]) => ({ type: 'put', key, value }))
  }
  while (log.consume('balances', balances, 2) > 0) {
    console.log(`balances is at ${log.position('balances')}`)
  }
  for (const [key, balance] of db.entries({ prefix: 'balance/' })) console.log(key, balance)
}
{
  console.log('the process restarts')
  await using db = await open('./event-log-data', { valueEncoding: 'json' })
  const log = new EventLog<Payment>(db)
  console.log(`balances is at ${log.position('balances')}`)
  log.consume('audit', () => [], 2)
  await log.trim(0)
  console.log(
    `audit is at 2, so trim leaves: ${[...log.read()].map(({ offset }) => offset).join()}`,
  )
  await log.forget('audit')
  await log.trim(0)
  console.log(`${[...log.read()].length} events are left, the next gets ${log.append()}`)

  const stop = new AbortController()
  setTimeout(() => log.append({ account: 'eve', amount: 1 }, { account: 'eve', amount: 2 }))
  for await (const { offset, event } of log.follow(0, stop.signal)) {
    console.log('heard of', offset, event)
    if (event.amount === 2) stop.abort()
  }
}
