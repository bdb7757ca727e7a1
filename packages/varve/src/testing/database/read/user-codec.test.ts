import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { open, type UserBlockCodec } from '../../../index.js'
import { codec } from '../../harness/zero-run-codec.js'

const module = new URL('../../harness/zero-run-codec.js', import.meta.url).href
const zeroRun: UserBlockCodec = { ...codec, module }
const zeros = '\0'.repeat(500)

test('the background thread compresses blocks with a custom codec', async (t) => {
  const path = temporary(t)
  const db = await open(path, { codecs: [zeroRun], codec: 'zero-run' })
  for (let i = 0; i < 500; i++) db.putSync(`key ${i}`, `${zeros}${i}`)
  await db.flush()
  assert.ok(db.stats().tables.sizeBytes < 500 * 100, 'the zeros are compressed')
  assert.equal(db.getSync('key 321'), `${zeros}321`)
  await db.compact()
  assert.equal([...db.keys()].length, 500)
  await db.close()

  const stranger = await open(path)
  assert.throws(() => stranger.getSync('key 321'), { code: 'UNSUPPORTED_FORMAT' })
  await stranger.close()
})

test('open refuses a codec module that is missing or exports another codec', async (t) => {
  const path = temporary(t)
  for (const wrong of [
    { ...zeroRun, module: new URL('./no-such-module.js', import.meta.url).href },
    { ...zeroRun, id: 78 },
    { ...codec },
  ]) {
    await assert.rejects(open(path, { codecs: [wrong] }), { code: 'INVALID_ARGUMENT' })
  }
})

function temporary(t: { after: (done: () => void) => void }): string {
  const path = mkdtempSync(join(tmpdir(), 'varve-codec-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
