import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'

const options = { background: 'inline', blockBytes: 256 } as const

test('explain with detail shows filter bits, index comparisons and times', async () => {
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  for (let i = 0; i < 1000; i++) db.putSync(keyOf(i), 'x'.repeat(20))
  await db.flush()

  const step = db.explain(keyOf(700), { detail: true }).steps.at(-1)!
  assert.equal(step.verdict, 'found')
  assert.ok(step.filterProbes!.bits.every(({ isSet }) => isSet))
  assert.equal(step.filterProbes!.line.length, 64)
  assert.ok(step.filterProbes!.lineIndex < step.filterProbes!.lineCount)
  for (const { bit, isSet } of step.filterProbes!.bits) {
    assert.equal((step.filterProbes!.line[bit >>> 3] & (1 << (bit & 7))) !== 0, isSet)
  }
  const search = step.indexSearch!
  assert.ok(search.length > 3)
  for (const { low, high, index, separator, next } of search) {
    assert.ok(low <= index && index < high)
    assert.equal(next, Buffer.compare(separator, Buffer.from(keyOf(700))) < 0 ? 'right' : 'left')
  }
  // The search ends at the entry that the read used.
  const last = search.at(-1)!
  assert.equal(last.next === 'right' ? last.low + 1 : last.index, step.indexEntry!.index)
  assert.ok(step.timesMs!.filter >= 0 && step.durationMs! >= step.timesMs!.block)
})

test('explain with detail stops at the first filter bit that is not set', async () => {
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  for (let i = 0; i < 1000; i++) db.putSync(keyOf(i), 'x')
  await db.flush()
  let excluded = 0
  for (let i = 0; i < 100; i++) {
    const step = db.explain(`${keyOf(i)}!`, { detail: true }).steps.at(-1)!
    const bits = step.filterProbes!.bits.map(({ isSet }) => isSet)
    assert.equal(step.filter === 'absent', bits.at(-1) === false)
    assert.ok(bits.slice(0, -1).every(Boolean))
    if (step.filter !== 'absent') continue
    excluded++
    assert.equal(step.indexSearch, undefined)
  }
  assert.ok(excluded > 50)
})

test('explain without detail has no times', async () => {
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  await db.put('a', '1')
  await db.flush()
  const step = db.explain('a').steps.at(-1)!
  assert.deepEqual(
    [step.timesMs, step.durationMs, step.filterProbes],
    [undefined, undefined, undefined],
  )
})

test('memtables shows how full each one is', async () => {
  await using db = await open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  await db.put('a', '1')
  const [active, ...sealed] = db.memtables()
  assert.deepEqual(sealed, [])
  assert.equal(active.isSealed, false)
  assert.equal(active.entryCount, 1)
  assert.ok(active.usedBytes > 0 && active.usedBytes < active.capacityBytes)
  await db.flush()
  assert.deepEqual(
    db.memtables().map(({ entryCount }) => entryCount),
    [0],
  )
})

function keyOf(index: number): string {
  return `key-${String(index).padStart(6, '0')}`
}
