import { destroy, open } from 'varve'
import { Table } from './table.js'

interface User {
  name: string
  email: string
  city?: string
}

await destroy('./users-data')
await using db = await open('./users-data', { valueEncoding: 'json' })
const users = new Table(db, {
  email: { of: (user: User) => user.email.toLowerCase(), unique: true },
  city: { of: (user: User) => user.city },
})

users.put('u1', { name: 'Ada', email: 'ada@example.org', city: 'Oslo' })
users.put('u2', { name: 'Bob', email: 'bob@example.org', city: 'Oslofjord' })
users.put('u3', { name: 'Eve', email: 'eve@example.org', city: 'Oslo' })
users.put('u4', { name: 'Tom', email: 'tom@example.org' })

const namesIn = (city: string): string =>
  [...users.by('city', city)].map(([, u]) => u.name).join(', ')

console.log(`in Oslo: ${namesIn('Oslo')}`)
const [[id]] = users.by('email', 'eve@example.org')
console.log(`eve@example.org is ${id}`)

users.put('u3', { name: 'Eve', email: 'eve@example.org', city: 'Bergen' })
users.delete('u2')
console.log(`Eve moves. In Oslo: ${namesIn('Oslo')}; in Bergen: ${namesIn('Bergen')}`)
console.log(`cities: ${[...users.entries('city')].join(', ')}`)

try {
  users.put('u5', { name: 'Mallory', email: 'ADA@example.org', city: 'Oslo' })
} catch (error) {
  console.log((error as Error).message)
}
console.log(`u5 was not written: ${users.get('u5') === undefined}`)

console.log('consistent:', [...users.check()])
// What code that goes past the table would do:
await db.del('record/u1')
await db.del('index/city/Bergen\0u3')
for (const problem of users.check()) console.log(problem)
await users.rebuild('email')
await users.rebuild('city')
console.log('rebuilt:', [...users.check()])
