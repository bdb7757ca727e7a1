import { setTimeout } from 'node:timers/promises'
import { destroy, json, open } from 'varve'
import { Cache } from './cache.js'

const options = { valueEncoding: json<string>() }

await destroy('./cache-data')
{
  await using db = await open('./cache-data', options)
  const cache = new Cache(db)
  let loads = 0
  const load = async (): Promise<string> => {
    loads++
    return Promise.resolve('<html>')
  }
  await Promise.all([1, 2, 3].map(() => cache.getOrLoad('page/1', 60_000, load)))
  console.log(`three asked at once, ${loads} load`)
  cache.set('page/2', '<html>', 200)
}
{
  console.log('the process restarts')
  await using db = await open('./cache-data', options)
  const cache = new Cache(db)
  console.log(`page/1 is warm: ${cache.get('page/1')}`)
  await setTimeout(250)
  console.log(`page/2 has expired: ${cache.get('page/2')}`)
  cache.set('page/1', '<html lang="en">', 60_000) // and expires later
  console.log([...db.entries()])
}
