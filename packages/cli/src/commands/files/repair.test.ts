import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'varve'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('repair: nothing to do, a dry run, and with --apply', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const directory = join(folder, 'data')
  {
    await using db = await open(directory)
    for (let i = 0; i < 500; i++) await db.put(`key ${i}`, `value ${i}`)
    await db.flush()
    await db.put('in the log', '1')
  }
  assert.deepEqual(await varve(['repair']), { exit: 0, out: 'nothing to repair\n', err: '' })

  const name = readdirSync(directory).find((file) => file.endsWith('.sst'))!
  const bytes = readFileSync(join(directory, name))
  bytes[100] ^= 1
  writeFileSync(join(directory, name), bytes)
  rmSync(join(directory, 'CURRENT'))
  const before = readdirSync(directory)
  const dry = await varve(['repair'])
  assert.equal(dry.exit, 0)
  assert.match(dry.out, /damage +\d+\.sst at byte 16 .*: wrong checksum of a block\n/)
  assert.match(dry.out, / {2}rewrite +\d+\.sst, \d+ entries kept, \d+ lost\n/)
  assert.match(dry.out, /MANIFEST: CURRENT is lost; it is written again\n/)
  assert.match(dry.out, /nothing was changed; --apply repairs\n$/)
  assert.deepEqual(readdirSync(directory), before)

  const done = await varve(['repair', '--apply'])
  assert.equal(done.exit, 0, done.out)
  assert.match(
    done.out,
    /repaired and sound; the originals are in .*\/data\/repair-\d+, to be deleted/,
  )
  assert.equal((await varve(['verify'])).exit, 0)
  assert.deepEqual(await varve(['get', 'in the log']), { exit: 0, out: '1\n', err: '' })
  const left = (await varve(['scan', '--keys-only'])).out.split('\n').length - 1
  assert.ok(left > 100 && left < 501, `${left} keys are left`)
  const again = JSON.parse((await varve(['repair', '--json'])).out) as { isNeeded: boolean }
  assert.equal(again.isNeeded, false)
})
