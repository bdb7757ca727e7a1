import { formatCount, formatCounted, formatDuration } from '@varve/cli'
import type { Cities, City } from './city.js'

/** Asks the database what a reader would, and prints each answer with the time it took. */
export async function askQuestions(db: Cities): Promise<void> {
  await ask("get 'IS/Reykjavík/3413829'", async () => {
    const city = await db.get('IS/Reykjavík/3413829')
    return city === undefined ? 'not there' : `${formatCount(city.population)} inhabitants`
  })
  await ask("get 'IS/Atlantis/0'", async () =>
    (await db.get('IS/Atlantis/0')) === undefined ? 'not there, as it should be' : 'found!?',
  )
  await ask("has 'JP/Tokyo/1850147'", async () => String(await db.has('JP/Tokyo/1850147')))
  await ask('every city of Iceland', async () => {
    const names: string[] = []
    for await (const { name } of db.values({ prefix: 'IS/' })) names.push(name)
    return `${formatCounted(names.length, 'city', 'cities')}, from ${names[0]} to ${names.at(-1)}`
  })
  await ask("names in Japan that start with 'Tok'", async () => {
    const names: string[] = []
    for await (const { name } of db.values({ prefix: 'JP/Tok' })) names.push(name)
    return names.join(', ')
  })
  await ask('from Denmark up to, and without, Estonia, backwards, the first two', async () => {
    const keys: string[] = []
    for await (const key of db.keys({ gte: 'DK/', lt: 'EE/', reverse: true, limit: 2 })) {
      keys.push(key)
    }
    return keys.join(', ')
  })
  await ask('the largest city of Brazil, by scanning the country', () => largestOf(db, 'BR'))
}

async function largestOf(db: Cities, country: string): Promise<string> {
  let largest: City | undefined
  let count = 0
  for await (const city of db.values({ prefix: `${country}/` })) {
    count++
    if (largest === undefined || city.population > largest.population) largest = city
  }
  if (largest === undefined) return 'no cities'
  return `${largest.name}, ${formatCount(largest.population)}, of ${formatCounted(count, 'city', 'cities')}`
}

async function ask(question: string, answer: () => Promise<string>): Promise<void> {
  const startMs = performance.now()
  const text = await answer()
  const time = formatDuration(performance.now() - startMs)
  console.log(`${time.padStart(10)}  ${question}: ${text}`)
}
