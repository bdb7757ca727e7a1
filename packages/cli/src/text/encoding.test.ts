import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataError, UsageError } from '../exit-code.js'
import { formatJson, formatLine, parseBytes, utf8Text } from './encoding.js'

test('hex is pairs of digits and nothing else', () => {
  assert.deepEqual(parseBytes('00fF', 'hex', 'it'), Buffer.from([0, 255]))
  assert.throws(() => parseBytes('0', 'hex', 'it'), UsageError)
  assert.throws(() => parseBytes('0g', 'hex', 'it'), /it must be pairs of hexadecimal digits/)
})

test('JSON is checked, and stored and shown as it was written', () => {
  const long = '{"n": 12345678901234567890}'
  assert.equal(parseBytes(long, 'json', 'it').toString(), long)
  assert.equal(formatLine(Buffer.from(long), 'json', 'it'), long)
  assert.throws(() => parseBytes('{', 'json', 'it'), UsageError)
  assert.throws(() => formatLine(Buffer.from('{'), 'json', 'it'), DataError)
})

test('a line of JSON output stays one line', () => {
  assert.equal(formatJson(Buffer.from('{\n"a":\r\n1}'), 'json', 'it'), '{"a":1}')
  assert.equal(formatJson(Buffer.from('a\n"'), 'utf8', 'it'), '"a\\n\\""')
})

test('bytes that are no text are refused where they would be lost', () => {
  assert.throws(() => utf8Text(Buffer.from([0xff]), "key 'k'"), /key 'k' is not UTF-8 text/)
  assert.throws(() => formatJson(Buffer.from([0xff]), 'utf8', 'it'), DataError)
  assert.equal(formatJson(Buffer.from([0xff]), 'hex', 'it'), '"ff"')
})

test('text that UTF-8 cannot hold is refused instead of changed', () => {
  assert.throws(
    () => parseBytes('k\ud800', 'utf8', "field 'id'"),
    /field 'id' has a lone surrogate/,
  )
  assert.throws(() => parseBytes('"\ud800"', 'json', 'it'), UsageError)
  assert.equal(parseBytes('"\\ud800"', 'json', 'it').toString(), '"\\ud800"')
  assert.equal(parseBytes('🜁', 'utf8', 'it').toString(), '🜁')
})
