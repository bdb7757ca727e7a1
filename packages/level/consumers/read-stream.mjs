// level-read-stream on VarveLevel: entries, keys and values as streams of Node, with backpressure,
// ranges and an early end.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EntryStream, KeyStream, ValueStream } from 'level-read-stream'
import { VarveLevel } from '../dist/index.js'
import { temporaryFolder } from './folder.mjs'

const db = new VarveLevel(join(temporaryFolder(), 'db'), { valueEncoding: 'json' })
const keyOf = (i) => String(i).padStart(6, '0')
const count = 20_000
const operations = Array.from({ length: count }, (_, i) => {
  return { type: 'put', key: keyOf(i), value: { i, text: 'x'.repeat(i % 100) } }
})
await db.batch(operations)

async function collect(stream, { slow = false } = {}) {
  const seen = []
  const target = new Writable({
    objectMode: true,
    highWaterMark: 3,
    write(item, _encoding, done) {
      seen.push(item)
      if (slow && seen.length % 100 === 0) setImmediate(done)
      else done()
    },
  })
  await pipeline(stream, target)
  return seen
}

const entries = await collect(new EntryStream(db), { slow: true })
assert.deepEqual(
  entries,
  operations.map(({ key, value }) => ({ key, value })),
)
const keys = await collect(new KeyStream(db, { gte: keyOf(100), lt: keyOf(200), reverse: true }))
assert.deepEqual([keys.length, keys[0], keys[99]], [100, keyOf(199), keyOf(100)])
const values = await collect(new ValueStream(db, { limit: 5, fillCache: true }))
assert.deepEqual(
  values.map(({ i }) => i),
  [0, 1, 2, 3, 4],
)
const sublevel = db.sublevel('sub')
await sublevel.batch([{ type: 'put', key: 'a', value: '1' }])
assert.deepEqual(await collect(new EntryStream(sublevel)), [{ key: 'a', value: '1' }])

for await (const { key } of new EntryStream(db)) if (key === keyOf(10)) break
const left = new EntryStream(db)
left.read()
left.destroy()
await new Promise((resolve) => left.once('close', resolve))
assert.equal(db.engine.stats().iterators, 0)
await db.close()
console.log('ok')
