// What `npm start` runs: the cities of the world in a database at ./data, what each part of the
// tree did, some questions with their times, and a shell to ask more.
import {
  formatCounted,
  formatDuration,
  formatRate,
  openBinary,
  renderLevels,
  runShell,
} from '@varve/cli'
import { inspector } from '@varve/inspector'
import { json, open, VarveError } from 'varve'
import { CascadeRecorder } from './cascade.js'
import type { Cities, City } from './city.js'
import { demoTree } from './demo-tree.js'
import { cityRange, importCities, isImported } from './import-cities.js'
import { drawCascade, explainReads, explainWrites } from './parts.js'
import { askQuestions } from './questions.js'
import { printTenLines } from './ten-lines.js'

const path = './data'

async function main(): Promise<void> {
  const interactive = process.stdin.isTTY && process.stdout.isTTY
  await showCities()
  const hint = '; in a terminal, npm start ends in a shell, with the tree in a browser'
  heading(`type these ten lines${interactive ? '' : hint}`)
  printTenLines()
  if (interactive) await leaveInShell()
}

async function showCities(): Promise<void> {
  const startMs = performance.now()
  await using db = await open<'utf8', ReturnType<typeof json<City>>>(path, {
    ...demoTree,
    valueEncoding: json<City>(),
  })
  if (await isImported(db)) await greetAgain(db, performance.now() - startMs)
  else await build(db)
  heading('a read asks the newest place first, and stops where it finds the key')
  await explainReads(db)
  heading('questions: the first time, then warm, the median of many')
  await askQuestions(db)
}

async function build(db: Cities): Promise<void> {
  console.log(`building ${path} from every city of the world, in no order`)
  const cascades = new CascadeRecorder(db)
  const startMs = performance.now()
  const count = await importCities(db)
  await db.flush()
  const durationMs = performance.now() - startMs
  cascades.stop()
  console.log(
    `built in ${formatDuration(durationMs)}: ${formatCounted(count, 'city', 'cities')}, ` +
      formatRate(count, durationMs, 'writes'),
  )
  heading('a write passes these parts')
  explainWrites(db)
  heading('the longest cascade: one flush filled level 0, its merge filled level 1, and so on')
  drawCascade(cascades.longest)
  drawLevels(db)
}

async function greetAgain(db: Cities, openMs: number): Promise<void> {
  const startMs = performance.now()
  const count = await countOf(db)
  const countMs = performance.now() - startMs
  console.log(
    `${path} exists; delete it to build it again. Opened in ${formatDuration(openMs)}, ` +
      `${formatCounted(count, 'city', 'cities')} counted in ${formatDuration(countMs)}`,
  )
  drawLevels(db)
}

async function countOf(db: Cities): Promise<number> {
  using cursor = db.cursor({ ...cityRange, projection: 'keys' })
  let count = 0
  for (;;) {
    const keys = await cursor.read(1000)
    if (keys.length === 0) return count
    count += keys.length
  }
}

function drawLevels(db: Cities): void {
  heading('the levels, each twice as large as the one above (10 times by default)')
  console.log(renderLevels(db.levels()))
}

function heading(text: string): void {
  console.log(`\n${text}\n`)
}

/** The shell works on bytes, so it opens the database with other encodings. */
async function leaveInShell(): Promise<void> {
  console.log()
  await using db = await openBinary(path, demoTree)
  await using inspected = await inspector(db)
  console.log(`this tree, live, in a browser: ${inspected.url}\n`)
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
