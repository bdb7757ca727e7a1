// What `npm start` runs: the cities of the world in a database at ./data, the layers they settle into,
// some questions with their times, and a shell to ask more.
import { formatCounted, formatDuration, openBinary, renderLevels, runShell } from '@varve/cli'
import { json, open, VarveError, type Database } from 'varve'
import type { City } from './city.js'
import { importCities } from './import-cities.js'
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
  await using db = await open(path, { ...smallTree, valueEncoding: json<City>() })
  const openMs = performance.now() - startMs
  if (isEmpty(db)) await settleCities(db)
  else await greetAgain(db, openMs)
  console.log(`\nthe levels of ${path}:\n\n${renderLevels(db.levels())}\n`)
  await askQuestions(db)
}

async function settleCities(db: Database<string, City>): Promise<void> {
  console.log(`${path} is empty; every city of the world goes in`)
  await importCities(db)
  const startMs = performance.now()
  await db.flush()
  await db.compact()
  console.log(`flushed and compacted in ${formatDuration(performance.now() - startMs)}`)
}

async function greetAgain(db: Database<string, City>, openMs: number): Promise<void> {
  const startMs = performance.now()
  let count = 0
  for await (const _ of db.keys()) count++
  console.log(
    `${path} is there already: opened in ${formatDuration(openMs)}, ` +
      `${formatCounted(count, 'record')} counted in ${formatDuration(performance.now() - startMs)}`,
  )
}

function isEmpty(db: Database<string, City>): boolean {
  for (const _ of db.keys({ limit: 1 })) return false
  return true
}

/** The shell works on bytes, so it opens the database in its own way. */
async function leaveInShell(): Promise<void> {
  console.log(
    "\na shell on the database; try 'scan IS/ --limit 5', 'explain get …' with Tab, 'help'",
  )
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
