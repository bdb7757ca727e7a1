import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IterateOptions } from 'varve'
import { completeLine } from './completion.js'
import type { Reader } from './session.js'

/** Keys in memory, in order; all that completion asks of a database. */
function readerOf(...texts: string[]): Reader {
  const keys = ({ prefix, reverse, limit }: IterateOptions<Uint8Array> = {}) => {
    const start = Buffer.from(prefix ?? '')
    const found = texts
      .map((text) => Buffer.from(text))
      .filter((key) => key.subarray(0, start.length).equals(start))
    return (reverse === true ? found.reverse() : found).slice(0, limit)
  }
  return { keys } as unknown as Reader
}

const cities = readerOf('DE/Berlin', 'IS/Reykjavík', 'IS/a b')
const complete = (line: string, reader = cities) =>
  completeLine(line, reader, () => ['users', 'old jobs', 'usage'])

test('the first word is a command', async () => {
  assert.deepEqual(await complete('s'), [['scan ', 'snapshot ', 'stats ', 'set '], 's'])
  assert.deepEqual(await complete('nope x'), [[], 'x'])
  assert.deepEqual(await complete('get a; sc'), [['scan '], 'sc'])
  assert.deepEqual(await complete('get a;get IS/R'), [['IS/Reykjavík'], 'IS/R'])
})

test('keys complete by their prefix, with blanks escaped or within the open quote', async () => {
  assert.deepEqual(await complete('get IS/'), [['IS/Reykjavík', 'IS/a\\ b'], 'IS/'])
  assert.deepEqual(await complete('get "IS/a '), [['"IS/a b'], '"IS/a '])
  assert.deepEqual(await complete('get '), [['DE/Berlin', 'IS/Reykjavík', 'IS/a\\ b'], ''])
})

test('each argument completes to its own kind of value', async () => {
  assert.deepEqual(await complete('put DE/Berlin '), [[], ''])
  assert.deepEqual(await complete('explain '), [['get '], ''])
  assert.deepEqual(await complete('explain get D'), [['DE/Berlin'], 'D'])
  assert.deepEqual(await complete('set format '), [['text ', 'json ', 'hex '], ''])
  assert.deepEqual(await complete('batch put a 1 ; d'), [['del '], 'd'])
  assert.deepEqual(await complete('scan --re'), [['--reverse '], '--re'])
  assert.deepEqual(await complete('keyspace use us'), [['users ', 'usage '], 'us'])
  assert.deepEqual(await complete('keyspace drop '), [['users ', 'old\\ jobs ', 'usage '], ''])
  assert.deepEqual(await complete('keyspace create users j'), [['json '], 'j'])
})

test('many keys: the last is offered too, so that the common prefix is that of all', async () => {
  const many = Array.from({ length: 500 }, (_, i) => `aa${String(i).padStart(3, '0')}`)
  const [offered] = await complete('get a', readerOf(...many, 'ab'))
  assert.ok(offered.length < 100)
  assert.equal(offered.at(-1), 'ab')
})
