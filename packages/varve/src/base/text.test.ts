import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from './prng.js'
import { textOf } from './text.js'
import { firstSeed } from './testing/seed.js'

test('texts equal those of Buffer.toString, for any bytes', () => {
  const samples = ['', 'plain', 'grüße', '日本語', '🜁', '\0']
  const prng = new Prng(firstSeed(7))
  for (let i = 0; i < 500; i++) {
    const inner = prng.chance(0.5) ? Buffer.from(prng.pick(samples)) : prng.bytes(prng.below(40))
    const bytes = Buffer.concat([Buffer.from('<é'), inner, Buffer.from('>')])
    const start = prng.below(bytes.length)
    const end = prng.between(start, bytes.length)
    assert.equal(textOf(bytes, start, end), bytes.toString('utf8', start, end))
  }
})
