import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tenLines } from './ten-lines.js'
import { replayPage, typeLines, withoutChance } from './testing/shell-page.js'

const program = fileURLToPath(new URL('main.js', import.meta.url))
const pageFile = fileURLToPath(new URL('../../docs/LSM.md', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'varve-demo-'))
let firstRun = ''

// As a user runs it, without the checks that the tests turn on.
const env = { ...process.env, VARVE_INVARIANTS: '' }

before(() => {
  firstRun = runDemo()
})

after(() => rmSync(folder, { recursive: true }))

test('the demo fills every level and shows a cascade through all of them', () => {
  assert.match(firstRun, /^building \.\/data from every city of the world/)
  for (let level = 0; level <= 6; level++)
    assert.match(firstRun, new RegExp(`^ +L${level} +1 `, 'm'))
  for (let level = 0; level < 6; level++) {
    assert.match(firstRun, new RegExp(`^ +L${level} → L${level + 1} +\\d+ table`, 'm'))
  }
})

test('the demo explains each part, and the answers are right', () => {
  for (const name of [
    'log',
    'memtable',
    'flush',
    'compaction',
    'filter',
    'index',
    'cache',
    'snapshot',
  ]) {
    assert.match(firstRun, new RegExp(`^  ${name} +\\S`, 'm'))
  }
  assert.match(firstRun, /(\d+) filters asked, \1 said so/)
  assert.match(firstRun, /came from the file, then from the cache/)
  assert.match(firstRun, /does not see it; the database sees it/)
  assert.match(firstRun, /get 'IS\/Reykjavík\/3413829': 118,918 inhabitants/)
  assert.match(firstRun, /get 'FR\/Atlantis\/0': absent/)
})

// Windows has no `sh` to run the terminal commands of the page.
const skip = process.platform === 'win32'

test('docs/LSM.md shows what its commands print', { skip }, async () => {
  const page = readFileSync(pageFile, 'utf8')
  const shown = await replayPage(page, folderCopy('page'))
  if (process.env['VARVE_UPDATE_GOLDENS'] === '1') writeFileSync(pageFile, shown)
  else assert.equal(withoutChance(page), withoutChance(shown))
})

test('the ten lines that the demo suggests work', async () => {
  assert.equal(tenLines.length, 10)
  for (const [line] of tenLines) assert.ok(firstRun.includes(line), line)
  const outputs = await typeLines(
    tenLines.map(([line]) => line),
    folderCopy('lines'),
  )
  const expected = [
    /L0.*\n.*L1.*\n.*L2.*\n.*L3.*\n.*L4.*\n.*L5.*\n.*L6/,
    /"name":"Reykjavík"/,
    /is found; asked \d+ places/,
    /is absent; asked \d+ places/,
    /^JP\/Toki\/.*\nJP\/Toko.*\nJP\/Toko.*\n$/,
    /1\. memtable: found by sequence \d+\n/,
    /0/,
    /1/,
    /L0 L1 L2 L3 L4 L5: empty/,
    /amplification/,
  ]
  for (const [index, output] of outputs.entries()) {
    assert.match(output, expected[index], tenLines[index][0])
  }
})

test('a second start opens what the first one built', () => {
  const output = runDemo()
  assert.match(output, /^\.\/data exists; .*135,233 cities counted/)
  assert.doesNotMatch(output, /building/)
})

function runDemo(): string {
  const run = spawnSync(process.execPath, [program], { cwd: folder, env, encoding: 'utf8' })
  assert.equal(run.stderr, '')
  assert.equal(run.status, 0)
  return run.stdout
}

/** A folder with a copy of the demo's closed database. */
function folderCopy(name: string): string {
  const copy = join(folder, name)
  cpSync(join(folder, 'data'), join(copy, 'data'), { recursive: true })
  return copy
}
