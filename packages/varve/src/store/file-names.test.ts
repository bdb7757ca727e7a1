import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  logName,
  manifestName,
  maxFileNumber,
  numberBehind,
  parseFileName,
  tableName,
  temporaryName,
  unneededFiles,
} from './file-names.js'

test('every name parses back to its kind and number', () => {
  for (const number of [1, 999_999, 1_000_000, maxFileNumber]) {
    assert.deepEqual(parseFileName(logName(number)), { kind: 'log', number })
    assert.deepEqual(parseFileName(tableName(number)), { kind: 'table', number })
    assert.deepEqual(parseFileName(manifestName(number)), { kind: 'manifest', number })
    assert.deepEqual(parseFileName(temporaryName(tableName(number))), { kind: 'temporary', number })
  }
  assert.deepEqual(parseFileName('CURRENT'), { kind: 'current', number: 0 })
  assert.deepEqual(parseFileName('LOCK'), { kind: 'lock', number: 0 })
})

test('a name that Varve does not write is not a file of the database', () => {
  const foreign = ['', '.tmp', '12.log', '0000012.log', '000012.txt', 'MANIFEST-1', 'x000012.sst']
  const almost = [
    'notes.tmp',
    '000012.sst.tmp.tmp',
    'MANIFEST-000012.log',
    '../000012.log',
    '000012',
  ]
  const tooHigh = [logName, tableName, manifestName].map((nameOf) => nameOf(maxFileNumber + 1))
  for (const name of [...foreign, ...almost, ...tooHigh])
    assert.equal(parseFileName(name), undefined, name)
})

test('unneeded are temporary files, dead tables, old logs and other manifests', () => {
  const kept = [
    'CURRENT',
    'LOCK',
    'MANIFEST-000007',
    '000005.sst',
    '000006.log',
    '000009.log',
    'me.txt',
  ]
  const dead = ['MANIFEST-000004', 'MANIFEST-000008', '000003.sst', '000005.log', '000008.sst.tmp']
  const needed = { holdsTable: (n: number) => n === 5, logNumber: 6, manifestNumber: 7 }
  assert.deepEqual(unneededFiles([...kept, ...dead, 'CURRENT.tmp'], needed), [
    ...dead,
    'CURRENT.tmp',
  ])
})

test('new numbers follow those of all files, including unfinished ones', () => {
  assert.equal(numberBehind(['LOCK', 'x']), 1)
  assert.equal(numberBehind(['000003.log', '000017.sst.tmp', 'MANIFEST-000009']), 18)
  assert.equal(numberBehind(['000003.log', tableName(maxFileNumber), '9007199254740991.sst']), 4)
})
