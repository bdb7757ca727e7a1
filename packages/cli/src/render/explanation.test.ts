import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderExplanation } from './explanation.js'

test('each place that a read asked is a line, with filter, index entry and block', () => {
  const text = renderExplanation({
    key: Buffer.from('IS/Reykjavík'),
    outcome: 'found',
    steps: [
      { place: 'memtable', verdict: 'absent' },
      { place: 'table', level: 0, fileNumber: 12, filter: 'absent', verdict: 'absent' },
      {
        place: 'table',
        level: 1,
        fileNumber: 7,
        filter: 'perhaps',
        indexEntry: { index: 41, separator: Buffer.from('IS/S') },
        block: { offset: 163840, sizeBytes: 4096, cached: false, entryCount: 31 },
        sequence: 123,
        verdict: 'found',
      },
    ],
  })
  assert.equal(
    text,
    `
  1. memtable: absent
  2. L0 table #12, filter says absent: absent
  3. L1 table #7, filter says perhaps, index entry 41 (up to IS/S), \
block at 163840 (4.0 KiB, 31 entries, read from the file): found by sequence 123
  IS/Reykjavík is found; asked 3 places`.slice(1),
  )
})

test('a key that no place could hold says so', () => {
  const text = renderExplanation({ key: Buffer.of(255), outcome: 'absent', steps: [] })
  assert.equal(text, '  \\xff is absent; asked 0 places')
})
