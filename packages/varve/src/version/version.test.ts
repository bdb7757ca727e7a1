import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { rangeContains, rangesOverlap } from '../key/key-range.js'
import { fakeTable, fakeVersion, sortedLevels } from './testing/fake-tables.js'
import type { TableMetadata } from './table-metadata.js'
import { orderProblem, Version } from './version.js'
import { seeds } from '../base/testing/seed.js'

test('finds the tables of each level that contain a key or overlap a range', () => {
  for (const seed of seeds(60, 0)) {
    const prng = new Prng(seed)
    const tables = disjointTables(prng)
    const version = fakeVersion([[], [], tables])
    for (let i = 0; i < 60; i++) {
      const key = Buffer.from(randomKey(prng))
      const holding = tables.find((table) => rangeContains(table.range, key))
      const padded = Buffer.concat([Buffer.from('zz'), key, Buffer.from('z')])
      const found = version
        .runsOf(2)
        .at(0)
        ?.tableAt(padded, 2, 2 + key.length)
      assert.equal(found, holding, `seed ${seed}`)
      const [start, end] = [randomKey(prng), randomKey(prng)].sort()
      const range = { start: Buffer.from(start), end: prng.chance(0.2) ? null : Buffer.from(end) }
      const overlapping = tables.filter((table) => rangesOverlap(table.range, range))
      if (start === end && range.end !== null) continue
      assert.deepEqual(version.overlapping(2, range), overlapping, `seed ${seed}`)
    }
  }
})

test('adjacent tables do not overlap or contain each other’s bounds', () => {
  const left = fakeTable(1, 'a', 'm')
  const right = fakeTable(2, 'm', null)
  const version = fakeVersion([[], [left, right]])
  assert.equal(version.runs[0].tableAt(Buffer.from('m'), 0, 1), right)
  assert.deepEqual(version.overlapping(1, { start: Buffer.from('b'), end: Buffer.from('m') }), [
    left,
  ])
})

test('level 0 is newest first', () => {
  const [old, flushed, ingested] = [
    fakeTable(1, 'a', 'z'),
    fakeTable(5, 'a', 'z'),
    fakeTable(7, 'a', 'z'),
  ]
  const version = fakeVersion([[old, { ...ingested, maxSequence: 5 }, flushed]])
  assert.deepEqual(
    version.levels[0].map((table) => table.fileNumber),
    [7, 5, 1],
  )
})

test('counts tables, bytes and the deepest level', () => {
  assert.equal(fakeVersion([]).deepestLevel(), 0)
  const version = fakeVersion([
    [fakeTable(1, 'a', 'b')],
    [],
    [fakeTable(2, 'a', 'b'), fakeTable(3, 'c', 'd')],
  ])
  assert.equal(version.deepestLevel(), 2)
  assert.equal(version.tableCount, 3)
  assert.equal(version.levelBytes(2), 200)
})

test('a level may hold several runs, the newest first', () => {
  const [old, older] = [fakeTable(1, 'a', 'm', { run: 3 }), fakeTable(2, 'b', 'z')]
  const [newer, deeper] = [fakeTable(3, 'm', 'z', { run: 3 }), fakeTable(4, 'a', 'z')]
  const version = fakeVersion([[], [older, newer, old], [deeper]])
  assert.deepEqual(version.levels[1], [old, newer, older])
  const shown = version.runs.map(({ level, number, tables }) => [level, number, tables])
  assert.deepEqual(shown, [
    [1, 3, [old, newer]],
    [1, 0, [older]],
    [2, 0, [deeper]],
  ])
  const range = { start: Buffer.from('c'), end: Buffer.from('d') }
  assert.deepEqual(version.overlapping(1, range), [old, older])
})

test('Versions share the runs of an unchanged level', () => {
  const first = fakeVersion([[], [fakeTable(1, 'a', 'm')]])
  const second = new Version(0, [[fakeTable(2, 'a', 'z')], ...first.levels.slice(1)])
  assert.equal(second.runs[0], first.runs[0])
})

test('overlap below level 0 breaks an invariant', () => {
  const overlapping = sortedLevels([[], [fakeTable(1, 'a', 'f'), fakeTable(2, 'e', 'g')]])
  assert.match(orderProblem(overlapping) ?? '', /tables 1 and 2 overlap on level 1/)
  assert.throws(() => new Version(0, overlapping), /overlap on level 1/)
})

test('is dead once its last reference is released', () => {
  let deaths = 0
  const version = new Version(0, sortedLevels([]), () => deaths++)
  version.retain().release()
  assert.equal(deaths, 0)
  version.release()
  assert.equal(deaths, 1)
  assert.throws(() => version.release(), /released more often/)
  assert.throws(() => version.retain(), /dead version/)
})

function disjointTables(prng: Prng): TableMetadata[] {
  const bounds = [...new Set(Array.from({ length: 20 }, () => randomKey(prng)))].sort()
  const tables: TableMetadata[] = []
  for (let i = 0; i + 1 < bounds.length; i++) {
    if (prng.chance(0.6)) tables.push(fakeTable(i + 1, bounds[i], bounds[i + 1]))
  }
  return prng.chance(0.5) ? tables : [...tables, fakeTable(99, bounds.at(-1)!, null)]
}

function randomKey(prng: Prng): string {
  const prefix = prng.chance(0.1) ? prng.pick(['', 'shar', 'tail']) : 'shared'
  const letters = Array.from({ length: prng.between(0, 9) }, () => prng.pick(['\0', 'a', 'b']))
  return prefix + letters.join('')
}
