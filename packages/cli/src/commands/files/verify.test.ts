import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'varve'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('verify: sound, damaged, of what is no database, beside a living owner', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const directory = join(folder, 'data')
  assert.equal((await varve(['verify'])).exit, 1)
  {
    await using db = await open(directory)
    for (let i = 0; i < 500; i++) await db.put(`key ${i}`, `value ${i}`)
    await db.flush()
    await db.put('in the log', '1')
    const beside = await varve(['verify', '--files'])
    assert.equal(beside.exit, 0, beside.out)
    assert.match(beside.out, /\.sst +L0 +[\d.]+ KiB +500 entries\n/)
    assert.match(beside.out, new RegExp(`note +open in process ${process.pid};`))
  }
  const sound = await varve(['verify'])
  assert.doesNotMatch(sound.out, /note/)
  assert.match(sound.out, /^sound: .*\n\d files, .*, 500 entries in tables, 1 operation in logs/)

  const name = readdirSync(directory).find((file) => file.endsWith('.sst'))!
  const bytes = readFileSync(join(directory, name))
  bytes[100] ^= 1
  writeFileSync(join(directory, name), bytes)
  const damaged = await varve(['verify'])
  assert.equal(damaged.exit, 1)
  assert.match(damaged.out, /damage +\d+\.sst at byte 16 \(.* KiB\): wrong checksum of a block\n/)
  const { isSound, problems } = JSON.parse((await varve(['verify', '--json'])).out) as {
    isSound: boolean
    problems: { kind: string; file: string; offset: number }[]
  }
  assert.equal(isSound, false)
  assert.deepEqual([problems[0].kind, problems[0].file, problems[0].offset], ['damage', name, 16])
})
