import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LevelInfo, TableInfo } from 'varve'
import { renderLevels } from './levels.js'

function table(
  fileNumber: number,
  sizeBytes: number,
  first: string,
  end: string | null,
): TableInfo {
  return {
    fileNumber,
    sizeBytes,
    entryCount: sizeBytes / 100,
    deleteCount: fileNumber === 9 ? 3 : 0,
    expiringCount: 0,
    shadowedCount: fileNumber === 7 ? 1234 : 0,
    shadowedBytes: 0,
    lastExpiryMs: 0,
    rangeDeleteCount: 0,
    smallestKey: Buffer.from(first),
    endKey: end === null ? null : Buffer.from(end),
    minSequence: 1,
    maxSequence: 9,
    run: 0,
    writtenAtMs: 0,
  }
}

function level(number: number, score: number, ...tables: TableInfo[]): LevelInfo {
  const sizeBytes = tables.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  return { level: number, sizeBytes, runs: tables.length, targetBytes: 0, score, tables }
}

const levels = [
  level(0, 0.5, table(9, 1000, 'k', 'p\0'), table(8, 500, 'a', 'd')),
  level(1, 0),
  level(2, 0.95, table(7, 1_000_000, 'b', null)),
]

test('a line for each level that has tables, denser and longer with depth and size', () => {
  assert.equal(
    renderLevels(levels),
    `
  level  runs  tables      entries        size  share                     score  keys
  L0        2       2           15     1.5 KiB  ░                          0.50  a … p
  L2        1       1       10,000   976.6 KiB  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓   0.95  b … the last
  L1: empty
  3 tables, 10,015 entries, 978.0 KiB; a level is compacted when its score reaches 1`.slice(1),
  )
})

test('tables are listed on request, with their deletes and shadowed entries', () => {
  const lines = renderLevels(levels, { tables: true }).split('\n')
  assert.match(lines[2], /#9 +10 +1000 B {2}3 deletes .*k … p$/)
  assert.match(lines[3], /#8 .*a … d$/)
  assert.match(lines[5], /#7 .* 1,234 shadowed .*b … the last$/)
})

test('keys that are long or no text take one line and little room', () => {
  const text = renderLevels([level(0, 0, table(1, 100, 'x'.repeat(300) + '\n', 'y\n'))])
  assert.match(text, /x{23}… … y\\n$/m)
})

test('a database without tables says so', () => {
  assert.match(renderLevels([level(0, 0)]), /no tables yet/)
  assert.match(renderLevels([]), /no tables yet/)
})
