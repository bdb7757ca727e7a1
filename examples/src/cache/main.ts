import { destroy, open } from 'varve'
import { Cache } from './cache.js'

/** Time passes when the program says so. */
let nowMs = 0
const options = { maxItems: 3, now: () => nowMs }

await destroy('./cache-data')
{
  await using db = await open('./cache-data', { valueEncoding: 'json' })
  const cache = new Cache<string>(db, options)
  let loads = 0
  const load = async (): Promise<string> => {
    loads++
    return Promise.resolve('<html>')
  }
  await Promise.all([1, 2, 3].map(() => cache.getOrLoad('page/1', 1000, load)))
  console.log(`three asked at once, ${loads} load`)

  cache.set('page/2', '<html>', 5000)
  nowMs = 1000
  console.log(`after a second: ${cache.get('page/1')}, ${cache.get('page/2')}`)
}
{
  console.log('the process starts anew')
  await using db = await open('./cache-data', { valueEncoding: 'json' })
  const cache = new Cache<string>(db, options)
  console.log(`page/2 is warm: ${cache.get('page/2')}`)
  console.log(`${cache.size} items, one has expired`)
  await cache.sweep()
  console.log(`${cache.size} item after a sweep`)

  cache.set('page/2', '<html lang="en">', 60_000) // and expires later
  for (const page of [3, 4, 5]) cache.set(`page/${page}`, '<html>', page * 1000)
  console.log(`of four, those remain that expire last:`)
  for (const page of [2, 3, 4, 5]) console.log(`page/${page} ${cache.get(`page/${page}`)}`)
  nowMs = 70_000
  await cache.sweep()
  console.log([...db.entries()])
}
