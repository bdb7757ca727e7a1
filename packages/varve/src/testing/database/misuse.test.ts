import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { type Codec, type Database, open, type OpenOptions } from '../../index.js'

const inline = { background: 'inline' } as const

test('a codec that writes while it encodes is refused and harms nothing', async () => {
  const fileSystem = new MemoryFileSystem()
  let db: Database<string, string>
  for (const misuse of [
    () => db.put('inner', 'x'),
    () => db.putSync('inner', 'x'),
    () => db.del('inner'),
    () => db.batch([{ type: 'put', key: 'inner', value: 'x' }]),
    () => db.clear(),
  ]) {
    let inner: unknown
    const codec: Codec<string> = {
      name: 'misuser',
      encode(value) {
        if (value === 'outer') inner = attempt(misuse)
        return Buffer.from(value)
      },
      decode: (bytes) => Buffer.from(bytes).toString(),
    }
    const options: OpenOptions<'utf8', Codec<string>> = {
      ...inline,
      fileSystem,
      valueEncoding: codec,
    }
    db = await open('/db', options)
    await db.put('before', 'outer')
    await assert.rejects(Promise.resolve(inner), { code: 'INVALID_ARGUMENT' })
    await db.put('after', 'plain')
    await db.close()
    const again = await open('/db', { ...inline, fileSystem })
    assert.deepEqual(
      [...again.entries()],
      [
        ['after', 'plain'],
        ['before', 'outer'],
      ],
    )
    await again.close()
  }
})

test('an undefined bound never means the whole range', async () => {
  const db = await open('/db', { ...inline, fileSystem: new MemoryFileSystem() })
  await db.put('key', 'value')
  for (const range of [{ prefix: undefined }, { gte: undefined }, { lt: undefined }, null, [], 7]) {
    await assert.rejects(db.clear(range as never), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(db.compact(range as never), { code: 'INVALID_ARGUMENT' })
  }
  assert.equal(await db.get('key'), 'value')
  await db.clear()
  assert.equal(await db.get('key'), undefined)
  await db.close()
})

test('arguments that are not objects are refused with a code', async () => {
  const db = await open('/db', { ...inline, fileSystem: new MemoryFileSystem() })
  const refused = { code: 'INVALID_ARGUMENT' }
  await assert.rejects(db.batch([null] as never), refused)
  await assert.rejects(db.put('k', 'v', true as never), refused)
  await assert.rejects(db.put('k', 'v', null as never), refused)
  assert.throws(() => db.entries(null as never), refused)
  assert.throws(() => db.entries({ snapshot: db.stats() } as never), refused)
  await db.close()
  for (const options of [
    null,
    7,
    { codecs: 5 },
    { codecs: [null] },
    { codecs: [{ id: 70, name: 'half' }] },
    { clock: {} },
    { fileSystem: {} },
  ]) {
    await assert.rejects(open('/db', options as never), refused, JSON.stringify(options))
  }
})

/** The exception or rejection of `action`, as a rejection. */
function attempt(action: () => unknown): Promise<unknown> {
  const attempted = new Promise((resolve) => resolve(action()))
  attempted.catch(() => {})
  return attempted
}
