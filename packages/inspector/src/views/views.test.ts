import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryStep, ReadAnswer, ValueAnswer } from '../protocol/answers.js'
import { liveDatabase, writeUsers } from '../testing/live-database.js'

test('the history leads from nothing to the tree of now', async () => {
  await using live = await liveDatabase()
  await writeUsers(live.db, 0, 2000)
  const text = await (await fetch(`${live.inspected.url}api/history`)).text()
  const steps = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as HistoryStep)
  const tables = new Map<number, number>()
  let atMs = 0
  for (const step of steps) {
    assert.ok(step.atMs >= atMs)
    atMs = step.atMs
    for (const { level, fileNumber } of step.deleted) {
      assert.equal(tables.get(fileNumber), level)
      tables.delete(fileNumber)
    }
    for (const { level, table } of step.added) tables.set(table.fileNumber, level)
  }
  const expected = live.db
    .levels()
    .flatMap(({ level, tables }) => tables.map(({ fileNumber }) => [fileNumber, level]))
  assert.deepEqual([...tables].sort(byNumber), expected.sort(byNumber))
  assert.ok(steps.length > 5)
})

test('a read is answered with each place, and a block that can be fetched', async () => {
  await using live = await liveDatabase()
  await writeUsers(live.db, 0, 1000)
  await live.db.flush()
  const key = Buffer.from('user:is:00003').toString('base64url')
  const answer = (await get(`api/read?key=${key}`)) as ReadAnswer
  assert.equal(answer.outcome, 'found')
  const { fileNumber, block, indexSearch } = answer.steps.at(-1)!
  assert.ok(indexSearch!.length > 0)
  const place = `file=${fileNumber}&offset=${block!.offset}&size=${block!.sizeBytes}`
  const stored = await fetch(`${live.inspected.url}api/block?${place}`)
  const bytes = Buffer.from(await stored.arrayBuffer())
  assert.equal(bytes.length, block!.sizeBytes)
  assert.ok(bytes.includes('user:is:00003'))
  const value = (await get(`api/value?key=${key}`)) as ValueAnswer
  assert.ok(value.found)
  assert.match(Buffer.from(value.start, 'base64').toString(), /"User 3"/)
  assert.deepEqual(await get('api/value?key=AAAA'), { found: false })

  async function get(path: string): Promise<unknown> {
    return (await fetch(live.inspected.url + path)).json()
  }
})

test('a block outside of every table is refused', async () => {
  await using live = await liveDatabase()
  await writeUsers(live.db, 0, 300)
  const file = live.db.levels().flatMap(({ tables }) => tables)[0].fileNumber
  for (const place of [
    'file=999999&offset=0&size=10',
    `file=${file}&offset=0&size=99999999`,
    `file=${file}&offset=-1&size=10`,
    'file=../../etc/passwd&offset=0&size=10',
  ]) {
    const { status } = await fetch(`${live.inspected.url}api/block?${place}`)
    assert.equal(status, 400, place)
  }
})

test('a key that cannot exist is absent, and a bad number is refused', async () => {
  await using live = await liveDatabase()
  const answer = await fetch(`${live.inspected.url}api/read`)
  assert.equal(((await answer.json()) as ReadAnswer).outcome, 'absent')
  const { status } = await fetch(`${live.inspected.url}api/block?file=1.5`)
  assert.equal(status, 400)
  assert.equal((await fetch(`${live.inspected.url}api/keys`)).status, 200)
})

function byNumber([a]: number[], [b]: number[]): number {
  return a - b
}
