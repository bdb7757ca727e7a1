import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../prng.js'
import { EntryPage } from './entry-page.js'
import { seeds } from '../testing/seed.js'

const samples = [
  '',
  'a',
  'plain',
  'a long one '.repeat(30),
  'grüße',
  '日本語',
  '🜁',
  '\0\0',
  '\x7f\x80',
]

function someText(prng: Prng, plainShare: number): Buffer {
  if (prng.chance(plainShare)) return Buffer.from(`key:${prng.below(1e9)}`)
  return prng.chance(0.5) ? Buffer.from(prng.pick(samples)) : prng.bytes(prng.below(12))
}

test('texts and bytes equal those of Buffer, for any content, on page after page', () => {
  for (const seed of seeds(60)) {
    const prng = new Prng(seed)
    const page = new EntryPage()
    const plainShare = prng.pick([0, 0.5, 0.9, 1])
    // Mostly pages in the same memory, as in a cache, and sometimes in another.
    let memory = Buffer.alloc(0)
    for (let p = 0; p < 8; p++) {
      const parts = Array.from({ length: prng.between(1, 40) }, () => someText(prng, plainShare))
      const filler = prng.bytes(prng.below(20))
      const pageBytes = Buffer.concat(parts.flatMap((part) => [filler, part]))
      const start = memory.length
      memory = prng.chance(0.5) ? Buffer.concat([memory, pageBytes]) : pageBytes
      const shownFrom = memory === pageBytes ? 0 : start
      page.show(memory, shownFrom, memory.length, parts.length)
      let at = shownFrom
      for (const part of parts) {
        const from = at + filler.length
        at = from + part.length
        assert.equal(page.textOf(from, at), part.toString('utf8'), `seed ${seed}, page ${p}`)
      }
      page.show(memory, shownFrom, memory.length, parts.length)
      at = shownFrom
      const copies = parts.map((part) => {
        const from = at + filler.length
        at = from + part.length
        return page.bytesOf(from, at)
      })
      assert.deepEqual(copies, parts, `seed ${seed}, page ${p}`)
    }
  }
})

test('texts of a large page are decoded alone', () => {
  const bytes = Buffer.alloc(100 * 1024, 'x')
  const page = new EntryPage()
  page.show(bytes, 0, bytes.length, bytes.length / 10)
  for (let at = 0; at < bytes.length; at += 1000) {
    assert.equal(page.textOf(at, at + 10), 'xxxxxxxxxx')
  }
})

test('the text of a page is not reused for the next page in the same memory', () => {
  const bytes = Buffer.from('one'.repeat(20))
  const page = new EntryPage()
  page.show(bytes, 0, bytes.length, bytes.length / 10)
  for (let at = 0; at < bytes.length; at += 3) assert.equal(page.textOf(at, at + 3), 'one')
  bytes.write('two'.repeat(20))
  page.show(bytes, 0, bytes.length, bytes.length / 10)
  for (let at = 0; at < bytes.length; at += 3) assert.equal(page.textOf(at, at + 3), 'two')
})

test('copied bytes belong to the caller: the page does not change with them', () => {
  const bytes = Buffer.from('0123456789'.repeat(10))
  const page = new EntryPage()
  page.show(bytes, 0, bytes.length, 10)
  const parts = Array.from({ length: 10 }, (_, i) => page.bytesOf(10 * i, 10 * i + 10))
  for (const part of parts) {
    assert.equal(part.toString(), '0123456789')
    part.fill('x')
  }
  assert.equal(bytes.toString(), '0123456789'.repeat(10))
  page.show(bytes, 0, bytes.length, 10)
  assert.equal(page.bytesOf(0, 10).toString(), '0123456789')
})
