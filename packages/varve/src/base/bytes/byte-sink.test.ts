import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteSink } from './byte-sink.js'
import { Prng } from '../prng.js'
import { firstSeed } from '../testing/seed.js'

const pieces = ['a', 'plain ASCII', 'ü', 'grüße', '日本', '🜁', '\0', '\ufffd', '\ud7ff\ue000']
const lonePieces = ['\ud800', '\udbff', '\udc00', '\udfff', '\udc00\ud800']

function randomText(prng: Prng, parts: readonly string[]): string {
  return Array.from({ length: prng.below(12) }, () => prng.pick(parts)).join('')
}

test('texts encode like Buffer.from, or fail if the bytes do not decode to the same text', () => {
  const prng = new Prng(firstSeed(12))
  let refusals = 0
  for (let i = 0; i < 3000; i++) {
    const text = randomText(prng, prng.chance(0.5) ? pieces : [...pieces, ...lonePieces])
    const bytes = Buffer.from(text)
    const sink = new ByteSink(16)
    sink.appendText('before')
    if (bytes.toString() === text) {
      sink.appendText(text)
      assert.deepEqual(written(sink), Buffer.concat([Buffer.from('before'), bytes]))
    } else {
      refusals++
      assert.throws(() => sink.appendText(text), TypeError, JSON.stringify(text))
      assert.equal(written(sink).toString(), 'before')
      sink.appendLossyText(text)
      assert.deepEqual(written(sink), Buffer.concat([Buffer.from('before'), bytes]))
    }
  }
  assert.ok(refusals > 100)
})

test('every UTF-16 unit encodes like Buffer.from, alone and after ASCII', () => {
  for (let unit = 0; unit < 0x10000; unit++) {
    const text = `x${String.fromCharCode(unit)}y`
    const sink = new ByteSink(16)
    sink.appendLossyText(text)
    assert.deepEqual(written(sink), Buffer.from(text), `unit ${unit}`)
  }
})

test('the error names the lone surrogate and its index', () => {
  const sink = new ByteSink()
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => sink.appendText(text), { name: 'TypeError', message })
  refused('🜁\udc01', /surrogate \\udc01 at index 2 /)
  refused('\ud83d', /surrogate \\ud83d at index 0 /)
  refused(`${'x'.repeat(5000)}\ud83d\ud83d\udf01`, /surrogate \\ud83d at index 5000 /)
})

function written({ buffer, length }: ByteSink): Buffer {
  return buffer.subarray(0, length)
}
