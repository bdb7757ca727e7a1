import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatRate,
  formatRatio,
  parseQuantity,
} from './quantity.js'

test('counts are grouped and agree with their noun', () => {
  assert.equal(formatCount(135233), '135,233')
  assert.equal(formatCounted(1, 'row'), '1 row')
  assert.equal(formatCounted(0, 'row'), '0 rows')
  assert.equal(formatCounted(2, 'entry', 'entries'), '2 entries')
})

test('sizes take the unit in which they stay below 1024', () => {
  assert.equal(formatBytes(0), '0 B')
  assert.equal(formatBytes(1023), '1023 B')
  assert.equal(formatBytes(1024), '1.0 KiB')
  assert.equal(formatBytes(1024 * 1024 - 1), '1.0 MiB')
  assert.equal(formatBytes(64 * 1024 * 1024), '64.0 MiB')
})

test('times and rates are readable at every scale', () => {
  assert.equal(formatDuration(0.0414), '41 µs')
  assert.equal(formatDuration(1.5), '1.50 ms')
  assert.equal(formatDuration(250.4), '250 ms')
  assert.equal(formatDuration(61_500), '61.50 s')
  assert.equal(formatDuration(125_000), '2 min 5 s')
  assert.equal(formatRate(1000, 500, 'rows'), '2,000 rows/s')
  assert.equal(formatByteRate(5_000_000, 2000), '2.5 MB/s')
})

test('nothing is divided by zero', () => {
  assert.equal(formatRate(0, 0, 'rows'), '0 rows/s')
  assert.equal(formatRatio(0, 0), '–')
  assert.equal(formatRatio(1, 4), '25.0 %')
})

test('numbers are read as people write them', () => {
  assert.equal(parseQuantity('5000'), 5000)
  assert.equal(parseQuantity('1e7'), 10_000_000)
  assert.equal(parseQuantity('2_000'), 2000)
  assert.equal(parseQuantity('64MiB'), 64 * 1024 * 1024)
  assert.equal(parseQuantity('1.5 GiB'), 1.5 * 1024 ** 3)
  for (const text of ['', 'x', '-1', '5 bananas', 'MiB'])
    assert.ok(Number.isNaN(parseQuantity(text)))
})
