import { formatCount, formatCounted, formatDuration } from '@varve/cli'
import type { Cities, City } from './city.js'
import { timed } from './stopwatch.js'

/** Asks what a reader would ask, and prints each answer with its first time and its warm time. */
export async function askQuestions(db: Cities): Promise<void> {
  console.log(`  ${'first'.padStart(8)}  ${'warm'.padStart(8)}`)
  await ask("get 'IS/Reykjavík/3413829'", async () => {
    const city = await db.get('IS/Reykjavík/3413829')
    return city === undefined ? 'absent' : `${formatCount(city.population)} inhabitants`
  })
  await ask("get 'FR/Atlantis/0'", async () =>
    (await db.get('FR/Atlantis/0')) === undefined ? 'absent' : 'present',
  )
  await ask("has 'JP/Tokyo/1850147'", async () => String(await db.has('JP/Tokyo/1850147')))
  await ask('every city of Iceland', async () => {
    const names: string[] = []
    for await (const { name } of db.values({ prefix: 'IS/' })) names.push(name)
    const count = formatCounted(names.length, 'city', 'cities')
    return names.length === 0 ? count : `${count}, from ${names[0]} to ${names.at(-1)}`
  })
  await ask("names in Japan that start with 'Tok'", async () => {
    const names: string[] = []
    for await (const { name } of db.values({ prefix: 'JP/Tok' })) names.push(name)
    return names.join(', ')
  })
  await ask('the last two before Estonia', async () => {
    const keys: string[] = []
    for await (const key of db.keys({ lt: 'EE/', reverse: true, limit: 2 })) keys.push(key)
    return keys.join(', ')
  })
  await ask('the largest city of Brazil, by a scan', () => largestOf(db, 'BR'))
}

async function largestOf(db: Cities, country: string): Promise<string> {
  let largest: City | undefined
  let count = 0
  for await (const city of db.values({ prefix: `${country}/` })) {
    count++
    if (largest === undefined || city.population > largest.population) largest = city
  }
  if (largest === undefined) return 'no cities'
  const cities = formatCounted(count, 'city', 'cities')
  return `${largest.name}, ${formatCount(largest.population)}, of ${cities}`
}

async function ask(question: string, answer: () => Promise<string>): Promise<void> {
  const { text, firstMs, warmMs } = await timed(answer)
  const times = [firstMs, warmMs].map((ms) => formatDuration(ms).padStart(8))
  console.log(`  ${times.join('  ')}  ${question}: ${text}`)
}
