import { destroy, open } from 'varve'
import { Bank } from './bank.js'

await destroy('./bank-data')
await using db = await open('./bank-data', { valueEncoding: 'json' })
const bank = new Bank(db)

const names = ['ada', 'bob', 'eve', 'tom']
for (const name of names) await bank.open(name, `${name}@example.org`, 100)
const problem = (error: Error): void => console.log(`refused: ${error.message}`)
await bank.open('mallory', 'ada@example.org', 1_000_000).catch(problem)

// 200 transfers at the same time: those that touch the same accounts run one after another.
const transfers = Array.from({ length: 200 }, (_, i) =>
  bank.transfer(names[i % 4], names[(i + 1 + (i % 3)) % 4], 1 + (i % 5)),
)
const results = await Promise.allSettled(transfers)
const failed = results.filter(({ status }) => status === 'rejected').length
console.log(`${results.length - failed} transfers done, ${failed} refused`)
console.log(`together they still have ${await bank.total()}`)

await bank.transfer('ada', 'bob', 1000).catch(problem)

// A transaction can also be held open, for example from one request to the next.
using tx = db.begin()
await tx.put('account/ada', 0)
const savepoint = tx.savepoint()
await tx.clear({ prefix: 'account/' })
console.log(`inside: ${[...tx.keys({ prefix: 'account/' })].length} accounts`)
savepoint.rollback()
console.log(`after rollback to the savepoint: ada has ${String(await tx.get('account/ada'))}`)
tx.rollback()
console.log(`outside: ${[...db.keys({ prefix: 'account/' })].length} accounts`)
