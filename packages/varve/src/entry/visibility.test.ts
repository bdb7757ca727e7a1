import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ValueKind } from '../key/value-kind.js'
import { hasExpired, isCovered, isDecided, isValueAt, isVisible } from './visibility.js'

test('a reader sees the versions up to its own sequence', () => {
  assert.ok(isVisible(5, 5))
  assert.ok(!isVisible(6, 5))
})

test('a version or a covering tombstone ends the search', () => {
  assert.ok(!isDecided(false, 0))
  assert.ok(isDecided(true, 0))
  assert.ok(isDecided(false, 1))
})

test('a tombstone covers the versions below its sequence', () => {
  assert.ok(isCovered(4, 5))
  assert.ok(!isCovered(5, 5))
  assert.ok(!isCovered(1, 0))
})

test('a put is a value until it expires, and a delete never is', () => {
  const expiring = Buffer.alloc(6)
  expiring.writeUIntLE(1000, 0, 6)
  assert.ok(isValueAt(ValueKind.put, expiring, 0, 5000))
  assert.ok(isValueAt(ValueKind.putWithExpiry, expiring, 0, 999))
  assert.ok(!isValueAt(ValueKind.putWithExpiry, expiring, 0, 1000))
  assert.ok(!isValueAt(ValueKind.delete, expiring, 0, 0))
  assert.ok(hasExpired(expiring, 0, 1000))
})
