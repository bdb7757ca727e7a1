// What `npm start` runs: the cities of the world in a database at ./data, the layers they settle into,
// some questions with their times, and a shell to ask more.
import { formatCounted, formatDuration, openBinary, renderLevels, runShell } from '@varve/cli'
import { json, open, VarveError } from 'varve'
import type { Cities, City } from './city.js'
import { cityRange, importCities, isImported } from './import-cities.js'
import { askQuestions } from './questions.js'

const path = './data'

// Small next to the defaults, so that 27 MB are enough to see several tables and levels.
const smallTree = { memtableBytes: 4 << 20, tableBytes: 4 << 20 }

async function main(): Promise<void> {
  await showCities()
  if (process.stdin.isTTY && process.stdout.isTTY) await leaveInShell()
}

async function showCities(): Promise<void> {
  const startMs = performance.now()
  await using db = await openCities()
  const openMs = performance.now() - startMs
  if (await isImported(db)) await greetAgain(db, openMs)
  else await settleCities(db)
  console.log()
  await askQuestions(db)
}

function openCities(): Promise<Cities> {
  return open(path, { ...smallTree, valueEncoding: json<City>() })
}

async function settleCities(db: Cities): Promise<void> {
  console.log(`every city of the world goes into ${path}`)
  await importCities(db)
  await db.flush()
  drawLevels(db, 'as the import has left them')
  const startMs = performance.now()
  await db.compact()
  drawLevels(db, `compacted in ${formatDuration(performance.now() - startMs)}`)
}

async function greetAgain(db: Cities, openMs: number): Promise<void> {
  const startMs = performance.now()
  let count = 0
  let lastKey = ''
  for await (const key of db.keys(cityRange)) {
    count++
    lastKey = key
  }
  const countMs = performance.now() - startMs
  console.log(
    `${path} is there already: opened in ${formatDuration(openMs)}, ` +
      `${formatCounted(count, 'record')} up to '${lastKey}' counted in ${formatDuration(countMs)}`,
  )
  drawLevels(db, 'as they were left')
}

function drawLevels(db: Cities, when: string): void {
  console.log(`\nthe levels of ${path}, ${when}:\n\n${renderLevels(db.levels())}`)
}

/** The shell works on bytes, so it opens the database in its own way. */
async function leaveInShell(): Promise<void> {
  console.log("\na shell on the database; try 'scan IS/ --limit 5', or 'explain get IS/' and Tab")
  await using db = await openBinary(path, smallTree)
  await runShell(db)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof VarveError)) throw error
  // A damaged or foreign ./data is the reader's to solve; a stack would not help.
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
