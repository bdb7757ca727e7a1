import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../exit-code.js'
import { parseRange, parseScan } from './flags.js'
import { splitWords } from './lexer.js'

const scan = (line: string) => parseScan(splitWords(line))
const bytes = (text: string) => Buffer.from(text)

test('a scan takes bounds, direction, limit and a bare prefix', () => {
  assert.deepEqual(scan('IS/ --gt a --lte b --limit 5 --reverse --keys-only'), {
    options: { prefix: bytes('IS/'), gt: bytes('a'), lte: bytes('b'), limit: 5, reverse: true },
    keysOnly: true,
  })
  assert.deepEqual(scan(''), { options: {}, keysOnly: false })
})

test('a quoted word is a key, whatever it looks like', () => {
  assert.deepEqual(scan('"--reverse"').options, { prefix: bytes('--reverse') })
  assert.deepEqual(scan('--gte --lt').options, { gte: bytes('--lt') })
})

test('mistakes are named', () => {
  assert.throws(() => scan('--limt 5'), /unknown flag --limt/)
  assert.throws(() => scan('--limit x'), UsageError)
  assert.throws(() => scan('--gte'), /--gte needs a value/)
  assert.throws(() => scan('a b'), /one prefix only/)
  assert.throws(() => parseRange(splitWords('--reverse')), /unknown flag --reverse/)
})

test('a range that chooses nothing is undefined', () => {
  assert.equal(parseRange([]), undefined)
  assert.deepEqual(parseRange(splitWords('--lt z')), { lt: bytes('z') })
})
