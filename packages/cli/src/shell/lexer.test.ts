import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../varve/dist/base/testing/fast-check.js'
import { UsageError } from '../exit-code.js'
import { Lexer, splitUnfinished, splitWords } from './lexer.js'
import { quoteWord, separator } from './word.js'

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

test('JSON keeps its blanks, brackets, strings and escapes', () => {
  const json = String.raw`{"a": [1, "}; \"x\\"], "b": {}}`
  assert.deepEqual(texts(`put k ${json}; put l [1, 2];get k`), [
    'put',
    'k',
    json,
    ';',
    'put',
    'l',
    '[1, 2]',
    ';',
    'get',
    'k',
  ])
  assert.deepEqual(texts('get {user}:1 [abc {a: [x]'), ['get', '{user}:1', '[abc', '{a:', '[x]'])
  assert.throws(() => splitWords('put k {"a":1}x'), /a blank must follow the closing bracket/)
})

test('quotes and JSON stay open over lines, however they are cut', () => {
  const words = ['put', `"x\ny;"`, `'it is\n'`, '{\n "a": "\\\\",\n "b": [\n1]}', ';', 'get', 'x']
  const whole = words.join(' ')
  const lexer = new Lexer()
  const lines = whole.split('\n')
  for (const [i, line] of lines.entries()) {
    lexer.feed(line)
    assert.equal(lexer.open !== undefined, i < lines.length - 1, line)
  }
  assert.deepEqual(lexer.words, splitWords(whole))
  assert.deepEqual(
    lexer.words.map((word) => word.text),
    ['put', 'x\ny;', 'it is\n', words[3], ';', 'get', 'x'],
  )
})

test('a quote or bracket must close, and end its word', () => {
  assert.throws(() => splitWords('get "a'), /a quote is not closed: "a/)
  assert.throws(() => splitWords('put k {"a"'), /a bracket is not closed: \{"a"/)
  assert.throws(() => splitWords("get 'a'b"), UsageError)
})

test('only a bare semicolon separates, only where a command begins is a comment', () => {
  const separators = (line: string) => splitWords(line).map((word) => word === separator)
  assert.deepEqual(separators(String.raw`a;b; \; ";" ';' c\;d`), [
    false,
    true,
    false,
    true,
    false,
    false,
    false,
    false,
  ])
  assert.deepEqual(texts(`# don't "`), [])
  assert.deepEqual(texts(`get #1; # don't`), ['get', '#1', ';'])
})

test('a long value is read in linear time', () => {
  const lexer = new Lexer()
  lexer.feed('put k {')
  for (let i = 0; i < 200_000; i++) lexer.feed(`"${i}": {},`)
  lexer.feed('"last": 1}')
  assert.equal(lexer.words.length, 3)
  assert.equal(splitWords(`put k ${'x'.repeat(5_000_000)}`).length, 3)
})

test('whatever bytes a word has, it can be typed', () => {
  // Characters with a meaning are drawn often, any byte sometimes.
  const special = fc.constantFrom(...Buffer.from(`{}[]"';\\ #\n1`))
  const wordBytes = fc
    .array(fc.oneof(special, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 })
    .map((bytes) => Buffer.from(bytes))
  assert.equal(quoteWord(Buffer.from(`"it's"`), ''), String.raw`\x22it's"`)
  fc.assert(
    fc.property(wordBytes, (bytes) => {
      assert.deepEqual(splitWords(`get ${quoteWord(bytes, '')}`)[1].bytes, Buffer.from(bytes))
      assert.deepEqual(splitWords(`get ${quoteWord(bytes, '"')}"`)[1].bytes, Buffer.from(bytes))
    }),
  )
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
      const bytes = Buffer.from(text)
      const [, ...words] = splitWords(`get ${quoteWord(bytes, '')}`)
      assert.deepEqual(
        words.map((word) => word.bytes),
        [bytes],
      )
    }),
  )
})

test('completion sees the word at the cursor', () => {
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
