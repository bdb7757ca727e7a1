import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closestName } from './closest-name.js'

const names = [
  'memtableBytes',
  'cacheBytes',
  'blockBytes',
  'readOnly',
  'sync',
  'ttlMs',
  'gt',
  'gte',
]

for (const [given, expected] of [
  ['memTableBytes', 'memtableBytes'],
  ['memtableByte', 'memtableBytes'],
  ['cahceBytes', 'cacheBytes'],
  ['blokBytez', 'blockBytes'],
  ['readonly', 'readOnly'],
  ['syn', 'sync'],
  ['gtr', 'gt'],
  ['ttl', 'ttlMs'],
  ['memtable', 'memtableBytes'],
  ['cache', 'cacheBytes'],
  ['clockBytes', 'blockBytes'],
  ['compression', undefined],
  ['x', undefined],
  ['', undefined],
  ['a'.repeat(100_000), undefined],
] as const) {
  test(`${given.slice(0, 20)} is taken for ${expected ?? 'none of them'}`, () => {
    assert.equal(closestName(given, names), expected)
  })
}
