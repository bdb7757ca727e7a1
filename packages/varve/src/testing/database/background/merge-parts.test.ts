import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type CompactProgress, type Database, open, VarveError } from '../../../index.js'
import { tableName } from '../../../store/file-names.js'

const KiB = 1024
const keyCount = 6000

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'varve-parts-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const options = {
  background: { mode: 'thread', threads: 3 },
  memtableBytes: 128 * KiB,
  tableBytes: 32 * KiB,
  compaction: { policy: 'leveled', l0Trigger: 100, l0Slowdown: 500, l0Stop: 1000 },
} as const

const keyOf = (i: number): string => `k${String(i % keyCount).padStart(5, '0')}`
const valueOf = (i: number): string => `${i} `.repeat(10)

async function openFilled(directory: string, isCleared = true) {
  const db = await open(directory, options)
  for (let i = 0; i < 2 * keyCount; i++) db.putSync(keyOf(i * 7), valueOf(i))
  const snapshot = db.snapshot()
  if (isCleared) await db.clear({ gte: keyOf(1000), lt: keyOf(5000) })
  for (let i = 0; i < keyCount; i += 3) db.putSync(keyOf(i), 'again')
  await db.flush()
  return { db, snapshot }
}

test('several threads share a compaction without changing any read', async (context) => {
  const { db, snapshot } = await openFilled(temporaryDirectory(context))
  const [before, seen] = [[...db.entries()], [...snapshot.entries()]]
  const told: number[] = []
  const written: number[][] = []
  db.on('compaction', () => {
    written.push(db.levels().flatMap(({ tables }) => tables.map(({ fileNumber }) => fileNumber)))
  })
  await db.compact({}, { onProgress: ({ readBytes }) => told.push(readBytes) })
  assert.deepEqual([...db.entries()], before)
  assert.deepEqual([...snapshot.entries()], seen)
  assert.deepEqual(
    told,
    [...told].sort((a, b) => a - b),
  )
  // Each part writes under its own range of file numbers.
  const [numbers] = written
  const gaps = numbers.filter((number, i) => i > 0 && number !== numbers[i - 1] + 1)
  assert.equal(gaps.length, 2, `tables ${numbers.join(' ')}`)
  snapshot.close()
  await db.close()
})

test('if one part fails, no part leaves a file', async (context) => {
  const directory = temporaryDirectory(context)
  const { db, snapshot } = await openFilled(directory)
  snapshot.close()
  const [table] = db.levels()[0].tables
  flipBits(join(directory, tableName(table.fileNumber)), table.sizeBytes / 2)
  await assert.rejects(db.compact(), hasCode('CORRUPTION'))
  await closeWithoutLeftovers(db, directory)
})

test('aborting a compaction aborts all of its parts', async (context) => {
  const directory = temporaryDirectory(context)
  const { db: filled, snapshot } = await openFilled(directory, false)
  snapshot.close()
  await filled.close()
  const background = { ...options.background, bytesPerSecond: 256 * KiB }
  const db = await open(directory, { ...options, background })
  const controller = new AbortController()
  const { signal } = controller
  const onProgress = ({ readBytes }: CompactProgress): void => {
    if (readBytes > 0) controller.abort()
  }
  await assert.rejects(db.compact({}, { signal, onProgress }), hasCode('ABORTED'))
  assert.equal(db.stats().compactions.running, 0)
  await closeWithoutLeftovers(db, directory)
})

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof VarveError && error.code === code

/** Only live tables have files. */
async function closeWithoutLeftovers(db: Database<string, string>, directory: string) {
  const inForce = db.levels().flatMap(({ tables }) => tables.map(({ fileNumber }) => fileNumber))
  await db.close()
  const names = readdirSync(directory).filter((name) => name.includes('.sst'))
  assert.deepEqual(names.sort(), inForce.map(tableName).sort())
}

function flipBits(path: string, at: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(64, 0x5a), 0, 64, Math.floor(at))
  closeSync(file)
}
