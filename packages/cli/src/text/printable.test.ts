import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, printableWithin } from './printable.js'

test('text stays text', () => {
  assert.equal(printable(Buffer.from('Reykjavík 東京 "q" \\')), 'Reykjavík 東京 "q" \\')
})

test('what would move a terminal is escaped, C1 controls as their bytes', () => {
  assert.equal(printable(Buffer.from('a\nb\t\r\u0007\u001b[2J')), 'a\\nb\\t\\r\\x07\\x1b[2J')
  assert.equal(printable(Buffer.from('\u009b')), '\\xc2\\x9b')
})

test('bytes that are no UTF-8 show one by one', () => {
  assert.equal(printable(Buffer.from([0x61, 0xff, 0x00])), 'a\\xff\\x00')
})

test('long text is cut at a character, not within one', () => {
  assert.equal(printableWithin(Buffer.from('abcdef'), 6), 'abcdef')
  assert.equal(printableWithin(Buffer.from('abcdefg'), 6), 'abcde…')
  assert.equal(printableWithin(Buffer.from('😀'.repeat(9)), 3), '😀😀…')
  assert.equal(printableWithin(Buffer.from('x' + '😀'.repeat(9)), 3), 'x😀…')
})
