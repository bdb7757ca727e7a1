import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from './prng.js'

const take = (prng: Prng, count: number) => Array.from({ length: count }, () => prng.next())

test('a seed reproduces its numbers, and another seed gives others', () => {
  const numbers = take(new Prng(42), 100)
  assert.deepEqual(take(new Prng(42), 100), numbers)
  assert.equal(new Set([...numbers, ...take(new Prng(43), 100)]).size, 200)
})

test('numbers stay within the bounds and reach all of them', () => {
  const prng = new Prng(1)
  const below = new Set<number>()
  const between = new Set<number>()
  for (let i = 0; i < 1000; i++) {
    below.add(prng.below(5))
    between.add(prng.between(-1, 2))
    const fraction = prng.fraction()
    assert.ok(0 <= fraction && fraction < 1)
  }
  assert.deepEqual([...below].sort(), [0, 1, 2, 3, 4])
  assert.deepEqual(
    [...between].sort((a, b) => a - b),
    [-1, 0, 1, 2],
  )
})

test('chances match their probability, and every bit of a number varies', () => {
  const prng = new Prng(2)
  let [successes, seen, alwaysSet] = [0, 0, 0xffffffff]
  for (let i = 0; i < 10_000; i++) {
    if (prng.chance(0.25)) successes++
    const number = prng.next()
    seen |= number
    alwaysSet &= number
  }
  assert.ok(2300 < successes && successes < 2700, `${successes}`)
  assert.equal(seen >>> 0, 0xffffffff)
  assert.equal(alwaysSet, 0)
})

test('picks items and generates bytes', () => {
  const prng = new Prng(3)
  const picked = new Set(Array.from({ length: 100 }, () => prng.pick(['a', 'b', 'c'])))
  assert.deepEqual([...picked].sort(), ['a', 'b', 'c'])
  assert.equal(prng.bytes(10).length, 10)
  assert.equal(new Set(prng.bytes(10_000)).size, 256)
})
