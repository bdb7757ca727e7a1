import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UsageError } from '../exit-code.js'
import { quoteWord, splitUnfinished, splitWords } from './words.js'

const texts = (line: string) => splitWords(line).map((word) => word.text)

test('blanks part words, quotes hold them together', () => {
  assert.deepEqual(texts('  put\ta  "b c" \'d "e"\' '), ['put', 'a', 'b c', 'd "e"'])
  assert.deepEqual(texts('put "" \'\''), ['put', '', ''])
  assert.deepEqual(texts(''), [])
})

test('JSON can be typed as it is', () => {
  assert.deepEqual(texts(String.raw`put k {"a":"x\ny","b":[1]}`), [
    'put',
    'k',
    String.raw`{"a":"x\ny","b":[1]}`,
  ])
})

test('escapes differ inside and outside of quotes', () => {
  assert.deepEqual(texts(String.raw`"a\tb\"c\\" a\ b\\n\n`), ['a\tb"c\\', 'a b\\n\\n'])
  assert.deepEqual(texts(String.raw`'a\tb'`), [String.raw`a\tb`])
  assert.deepEqual(splitWords(String.raw`\xff"\x00`)[0].bytes, Buffer.from([0xff, 0x22, 0x00]))
})

test('a quote must close, and end its word', () => {
  assert.throws(() => splitWords('get "a'), UsageError)
  assert.throws(() => splitWords("get 'a'b"), /a blank must follow/)
})

test('only bare words are separators or flags', () => {
  assert.deepEqual(
    splitWords(`; ";"`).map((word) => word.quoted),
    [false, true],
  )
})

test('whatever bytes a word has, it can be typed', () => {
  assert.equal(quoteWord(Buffer.from(`"it's"`), ''), String.raw`\x22it's"`)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
      assert.deepEqual(splitWords(quoteWord(bytes, ''))[0].bytes, Buffer.from(bytes))
      assert.deepEqual(splitWords(quoteWord(bytes, '"') + '"')[0].bytes, Buffer.from(bytes))
    }),
  )
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
      const bytes = Buffer.from(text)
      const words = splitWords(quoteWord(bytes, ''))
      assert.deepEqual(
        words.map((word) => word.bytes),
        [bytes],
      )
    }),
  )
})

test('completion sees the word that the cursor stands in', () => {
  const cursor = (line: string) => {
    const { words, last, lastStart } = splitUnfinished(line)
    return [words.map((word) => word.text), last.text, lastStart]
  }
  assert.deepEqual(cursor('ge'), [[], 'ge', 0])
  assert.deepEqual(cursor('get '), [['get'], '', 4])
  assert.deepEqual(cursor('get IS/R'), [['get'], 'IS/R', 4])
  assert.deepEqual(cursor('get "a b'), [['get'], 'a b', 4])
  assert.deepEqual(cursor('get "a b"'), [['get', 'a b'], '', 9])
  assert.deepEqual(cursor('get a\\ b'), [['get'], 'a b', 4])
})
