import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { ValueKind } from '../key/value-kind.js'
import { MemTable } from './memtable.js'
import { firstSeed } from '../base/testing/seed.js'

const seed = firstSeed(20260801)

/** Enough entries to split a leaf, and to fill and cut leaves. */
const entryCount = 20_000

interface Named {
  readonly key: Buffer
  readonly sequence: number
}

/** Orders of arrival and shapes of keys that the index treats differently. */
const arrivals: Record<string, (prng: Prng) => (i: number) => string> = {
  'at random': (prng) => () => `key:${prng.below(1e9)}`,
  ascending: () => (i) => String(i).padStart(12, '0'),
  descending: () => (i) => String(entryCount - i).padStart(12, '0'),
  'ascending after many prefixes': (prng) => (i) =>
    `sensor:${prng.below(7)}:${String(i).padStart(9, '0')}`,
  'after few prefixes, one a prefix of another': (prng) => (i) =>
    `${['user:', 'user:old:', 'a', ''][i % 4]}${prng.below(100_000)}`,
  'the same head for all': (prng) => () =>
    `${'x'.repeat(prng.pick([40, 41]))}${prng.below(50_000)}`,
  'one key most of the time': (prng) => (i) =>
    prng.chance(0.9) ? 'counter' : String(i).padStart(6, '0'),
  'bytes that end in zeros': (prng) => () => `${prng.below(300)}${'\0'.repeat(prng.below(5))}`,
}

/** A memtable and a list of all its entries. */
class Model {
  readonly entries: Named[] = []
  readonly table: MemTable

  constructor(
    ordered: boolean,
    private readonly keyOf: (i: number) => string,
  ) {
    this.table = new MemTable(4 << 20, { ordered })
  }

  insert(count: number): void {
    for (let i = 0; i < count; i++) {
      const sequence = this.entries.length + 1
      const key = Buffer.from(this.keyOf(sequence))
      this.table.insert(sequence, ValueKind.put, key, 0, key.length, emptyBytes, 0, 0)
      this.entries.push({ key, sequence })
    }
  }

  sorted(): Named[] {
    return [...this.entries].sort((a, b) => a.key.compare(b.key) || b.sequence - a.sequence)
  }
}

for (const [name, keyMaker] of Object.entries(arrivals)) {
  for (const ordered of [false, true]) {
    test(`reads between inserts, ordered ${ordered ? 'at first' : 'on demand'}: ${name}`, () => {
      const prng = new Prng(seed)
      const model = new Model(ordered, keyMaker(prng))
      model.insert(ordered ? 1 : 12_000)
      const walk = new OldWalk(model, prng)
      while (model.entries.length < entryCount) {
        model.insert(prng.pick([1, 40, 4000]))
        if (prng.chance(0.5)) look(model, prng)
        for (let i = prng.below(30); i > 0; i--) walk.step()
      }
      walk.iterator.close()
      const sorted = model.sorted()
      const iterator = model.table.iterator()
      iterator.seekToLast()
      for (let i = sorted.length - 1; i >= 0; i--, iterator.prev()) assertShows(iterator, sorted[i])
      assert.ok(!iterator.valid)
      iterator.seekToFirst()
      for (let i = 0; i < sorted.length; i++, iterator.next()) assertShows(iterator, sorted[i])
      assert.ok(!iterator.valid)
      iterator.close()
    })
  }
}

/** A walk that started before inserts around it continues through the older entries. */
class OldWalk {
  readonly iterator: InternalIterator
  private readonly visible: Named[]
  private readonly lastSequence: number
  private position: number

  constructor(model: Model, prng: Prng) {
    this.iterator = model.table.iterator()
    this.visible = model.sorted()
    this.lastSequence = model.entries.length
    const { key } = prng.pick(this.visible)
    this.position = this.visible.findIndex((entry) => entry.key.equals(key))
    this.iterator.seek(key)
  }

  step(): void {
    const { iterator } = this
    while (iterator.valid && iterator.sequence > this.lastSequence) iterator.next()
    assertShows(iterator, this.visible[this.position])
    if (!iterator.valid) return
    iterator.next()
    this.position++
  }
}

/** Seeks to a few places and walks on from there in both directions. */
function look(model: Model, prng: Prng): void {
  const sorted = model.sorted()
  const iterator = model.table.iterator()
  for (let i = 0; i < 5; i++) {
    const target = prng.pick(sorted).key.subarray(0, prng.between(1, 20))
    const found = sorted.findIndex(({ key }) => key.compare(target) >= 0)
    const steps = prng.below(200)
    iterator.seek(target)
    for (let j = found; j <= Math.min(found + steps, sorted.length - 1); j++, iterator.next()) {
      assertShows(iterator, sorted[j])
    }
    iterator.seekBefore(target)
    for (let j = found - 1; j >= Math.max(found - steps, 0); j--, iterator.prev()) {
      assertShows(iterator, sorted[j])
    }
  }
  iterator.close()
}

function assertShows(iterator: InternalIterator, entry: Named | undefined): void {
  assert.equal(iterator.valid ? iterator.sequence : undefined, entry?.sequence, `seed ${seed}`)
  if (entry === undefined) return
  const { keyBytes, keyStart, keyEnd } = iterator
  assert.ok(entry.key.equals(keyBytes.subarray(keyStart, keyEnd)), `seed ${seed}`)
}
