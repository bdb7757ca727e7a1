import { destroy, open } from 'varve'
import { Accounts } from './accounts.js'

await destroy('./accounts-data')
await using db = await open('./accounts-data', { valueEncoding: 'json' })
const accounts = await Accounts.open(db)
const problem = (error: Error): void => console.log(`refused: ${error.message}`)

await accounts.create('ada', { name: 'Ada', email: 'ada@example.org' })
await accounts.create('bob', { name: 'Bob', email: 'bob@example.org' })
await accounts.create('eve', { name: 'Eve', email: 'ada@example.org' }).catch(problem)
await accounts.changeEmail('bob', 'ada@example.org').catch(problem)

// Two users want one email at the same time: one of them gets it.
const wishes = ['ada', 'bob'].map((id) => accounts.changeEmail(id, 'first@example.org'))
const results = await Promise.allSettled(wishes)
console.log(results.map(({ status }) => status).sort())
const user = await accounts.byEmail('first@example.org')
console.log(`${[...accounts.emails.keys()].length} emails, first@example.org: ${user?.email}`)

for (const { name, keyEncoding, valueEncoding } of db.keyspaces()) {
  console.log(`keyspace ${name}: keys ${keyEncoding}, values ${valueEncoding}`)
}
await accounts.emails.drop()
console.log(
  'after drop:',
  db
    .keyspaces()
    .map(({ name }) => name)
    .join(', '),
)
