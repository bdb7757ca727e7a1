import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenOptions } from '../../db/api.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { type Codec, open, VarveError } from '../../index.js'

function inMemory(): OpenOptions<'utf8', 'utf8'> {
  return { fileSystem: new MemoryFileSystem(), background: 'inline' }
}

/** The expected message, beside the code INVALID_ARGUMENT. */
interface Expected {
  option?: string | undefined
  key?: unknown
  index?: number | undefined
  message: RegExp
  /** The class of the cause. */
  cause: new (message: string) => Error
}

const refusedAs = (expected: Expected) => (error: unknown) => {
  assert.ok(error instanceof VarveError)
  const { code, option, key, index, message, cause } = error
  assert.equal(code, 'INVALID_ARGUMENT')
  assert.deepEqual(
    { option, key, index },
    { option: expected.option, key: expected.key, index: expected.index },
  )
  assert.match(message, expected.message)
  assert.ok(cause instanceof expected.cause, String(cause))
  return true
}

const loneTexts = ['\ud800', '\udfff', 'k\ud83d', '日\udc00', `${'x'.repeat(200)}\ud800`]

test('lone surrogates are refused in keys, values, bounds and prefixes', async () => {
  await using db = await open('/db', inMemory())
  const cause = TypeError
  for (const text of loneTexts) {
    const ofKey = { option: 'keyEncoding', key: text, message: /key .* lone surrogate/, cause }
    const ofValue = { option: 'valueEncoding', key: 'k', message: /value .* lone surrogate/, cause }
    await assert.rejects(db.put(text, 'v'), refusedAs(ofKey))
    await assert.rejects(db.put('k', text), refusedAs(ofValue))
    await assert.rejects(db.put('k', text, { ttlMs: 1 }), refusedAs(ofValue))
    await assert.rejects(db.del(text), refusedAs(ofKey))
    await assert.rejects(db.get(text), refusedAs(ofKey))
    await assert.rejects(db.has(text), refusedAs(ofKey))
    await assert.rejects(db.getMany(['k', text]), refusedAs({ ...ofKey, index: 1 }))
    assert.throws(() => db.putSync(text, 'v'), refusedAs(ofKey))
    assert.throws(() => db.putSync('k', text), refusedAs(ofValue))
    assert.throws(() => db.delSync(text), refusedAs(ofKey))
    assert.throws(() => db.getSync(text), refusedAs(ofKey))
    assert.throws(() => db.hasSync(text), refusedAs(ofKey))
    assert.throws(() => db.explain(text), refusedAs(ofKey))
    using cursor = db.cursor()
    assert.throws(() => cursor.seek(text), refusedAs(ofKey))
    for (const name of ['gt', 'gte', 'lt', 'lte', 'prefix']) {
      const range = { [name]: text }
      const message = new RegExp(`'${name}' .* lone surrogate`)
      const ofBound = { option: name, key: text, message, cause }
      for (const method of ['entries', 'keys', 'values', 'cursor'] as const) {
        assert.throws(() => db[method](range), refusedAs(ofBound))
      }
      await assert.rejects(db.clear(range), refusedAs(ofBound))
      await assert.rejects(db.compact(range), refusedAs(ofBound))
      await assert.rejects(db.approximateSize(range), refusedAs(ofBound))
    }
  }
  assert.equal(db.stats().sequence, 0)
})

test('surrogate pairs and U+FFFD are ordinary text', async () => {
  await using db = await open('/db', inMemory())
  const texts = ['🜁', '\ufffd', `${'x'.repeat(200)}🜁`, 'ü']
  for (const text of texts) await db.put(text, text)
  for (const text of texts) assert.equal(await db.get(text), text)
  assert.deepEqual([...db.keys()].sort(), [...texts].sort())
})

test('JSON keeps lone surrogates by escaping them', async () => {
  await using db = await open('/db', {
    ...inMemory(),
    keyEncoding: 'json',
    valueEncoding: 'json',
  })
  for (const text of loneTexts) await db.put(text, { text })
  await db.flush()
  for (const text of loneTexts) assert.deepEqual(await db.get(text), { text })
})

test('a value without a JSON form is refused with its key, and its index in a batch', async () => {
  await using db = await open('/db', { ...inMemory(), valueEncoding: 'json' })
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const cases: [unknown, RegExp][] = [
    [1n, /^cannot write the value of key "k" under valueEncoding 'json': .*BigInt; convert it, or/],
    [cycle, /circular structure to JSON; convert it/],
    [undefined, /expected a JSON value, not undefined/],
    [() => {}, /expected a JSON value, not a function/],
  ]
  for (const [value, message] of cases) {
    const refusal = { option: 'valueEncoding', key: 'k', message, cause: TypeError }
    await assert.rejects(db.put('k', value), refusedAs(refusal))
    assert.throws(() => db.putSync('k', value), refusedAs(refusal))
    const fine = { type: 'put', key: 'fine', value: 1 } as const
    const inBatch = {
      ...refusal,
      index: 2,
      message: /^operations\[2\]: cannot write the value of /,
    }
    const operations = [fine, fine, { type: 'put', key: 'k', value } as const]
    await assert.rejects(db.batch(operations), refusedAs(inBatch))
    assert.throws(() => db.batchSync(operations), refusedAs(inBatch))
  }
  assert.equal(db.stats().sequence, 0)
})

test('a refused operation of a batch is named by its index', async () => {
  await using db = await open('/db', inMemory())
  const fine = { type: 'del', key: 'fine' }
  const cases: [unknown, Partial<Expected>][] = [
    [
      { type: 'put', key: 1, value: 'v' },
      { option: 'keyEncoding', key: 1, cause: TypeError },
    ],
    [{ type: 'del', key: '' }, { key: '' }],
    [
      { type: 'put', key: 'k', value: 1 },
      { option: 'valueEncoding', key: 'k', cause: TypeError },
    ],
    [{ type: 'put', key: 'k', value: 'v', ttlMs: -1 }, { option: 'ttlMs' }],
    [{ type: 'move', key: 'k' }, {}],
    [null, {}],
  ]
  for (const [operation, expected] of cases) {
    const refusal = { index: 1, message: /^operations\[1\]: /, cause: VarveError as never }
    await assert.rejects(
      db.batch([fine, operation] as never),
      refusedAs({ ...refusal, ...expected }),
    )
  }
})

test('an impossible key length is refused with the key', async () => {
  await using db = await open('/db', inMemory())
  const cause = VarveError as never
  const long = 'k'.repeat(70_000)
  const tooLong = { key: long, message: /^cannot encode key "k{40}"…: .* at most 65536/, cause }
  await assert.rejects(db.put(long, 'v'), refusedAs(tooLong))
  await assert.rejects(db.get(long), refusedAs(tooLong))
  await assert.rejects(db.getMany([long]), (error: VarveError) => error.index === 0)
  const snapshot = {} as never
  await assert.rejects(db.getMany(['k'], { snapshot }), { option: 'snapshot', index: undefined })
})

test('errors of codecs become VarveErrors; errors of the engine keep their code', async () => {
  let failure: unknown
  const failing: Codec<string> = {
    name: 'failing',
    encode(text) {
      if (text === 'bad') throw failure
      return Buffer.from(text)
    },
    decode(bytes) {
      if (bytes.length === 1) throw failure
      return Buffer.from(bytes).toString()
    },
  }
  const options = inMemory()
  await using db = await open('/db', { ...options, valueEncoding: failing })
  const view = db.withEncodings({ keyEncoding: failing, valueEncoding: 'utf8' })
  const message = /'failing': no such thing;/
  failure = new RangeError('no such thing')
  const ofValue = { option: 'valueEncoding', key: 'k', message, cause: RangeError }
  await assert.rejects(db.put('k', 'bad'), refusedAs(ofValue))
  const ofKey = { option: 'keyEncoding', key: 'bad', message, cause: RangeError }
  await assert.rejects(view.put('bad', 'v'), refusedAs(ofKey))
  await db.put('k', 'x')
  await assert.rejects(db.get('k'), refusedAs(ofValue))
  const undecodable = { option: 'keyEncoding', key: Buffer.from('k'), message, cause: RangeError }
  assert.throws(() => [...view.keys()], refusedAs(undecodable))
  failure = new VarveError('IO', 'the other disk')
  for (const call of [db.put('k', 'bad'), db.get('k'), view.get('bad')]) {
    await assert.rejects(call, (error) => error === failure)
  }
  failure = 'a string'
  await assert.rejects(db.put('k', 'bad'), /'failing': "a string";/)
})

test('a value that is not JSON names its key and suggests another encoding', async () => {
  const options = inMemory()
  {
    await using db = await open('/db', options)
    await db.batch([
      { type: 'put', key: 'a', value: '{}' },
      { type: 'put', key: 'b', value: 'not JSON' },
    ])
  }
  for (const coldReads of ['sync', 'async'] as const) {
    await using db = await open('/db', { ...options, coldReads, valueEncoding: 'json' })
    const message =
      /^cannot decode the value of key "b" under valueEncoding 'json': .* another encoding/
    const refusal = { option: 'valueEncoding', key: 'b', message, cause: SyntaxError }
    const check = async (): Promise<void> => {
      await assert.rejects(db.get('b'), refusedAs(refusal))
      assert.throws(() => db.getSync('b'), refusedAs(refusal))
      const ofMany = { ...refusal, index: 1, message: /^keys\[1\]: cannot decode / }
      await assert.rejects(db.getMany(['a', 'b']), refusedAs(ofMany))
      assert.throws(() => [...db.values()], refusedAs(refusal))
      await assert.rejects(db.cursor().read(10), refusedAs(refusal))
      const walk = db.entries()[Symbol.asyncIterator]()
      await walk.next()
      await assert.rejects(walk.next(), refusedAs(refusal))
      assert.equal(db.stats().iterators, 0)
    }
    await check()
    await db.flush()
    await check()
  }
  await using db = await open('/db', { ...options, keyEncoding: 'json' })
  const key = Buffer.from('a')
  const message = /^cannot decode key a under keyEncoding 'json': .* another encoding/
  assert.throws(
    () => [...db.keys()],
    refusedAs({ option: 'keyEncoding', key, message, cause: SyntaxError }),
  )
})
