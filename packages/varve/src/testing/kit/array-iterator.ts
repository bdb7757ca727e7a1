import assert from 'node:assert/strict'
import { compareBytes } from '../../base/bytes.js'
import type { Prng } from '../../base/prng.js'
import { EntryCursor } from '../../entry/entry-cursor.js'
import type { InternalIterator } from '../../entry/internal-iterator.js'

export interface ArrayEntry {
  readonly key: Buffer
  readonly sequence: number
  readonly kind: number
  readonly value: Buffer
}

/** User keys ascending, of one key the newest first. */
export function compareEntries(a: ArrayEntry, b: ArrayEntry): number {
  return compareBytes(a.key, b.key) || b.sequence - a.sequence
}

/**
 * The contract of an iterator, from an array. With a generator, steps are `pending` now and then, as
 * those that wait for a block. Memory that it may give up is overwritten at once.
 *
 * Owned by: a test. Invariant: nobody steps it when it is not valid, or when it is closed.
 */
export class ArrayIterator extends EntryCursor implements InternalIterator {
  readonly page = undefined
  isClosed = false
  private position = -1
  /** What was shown since a step last gave memory up. */
  private shown: Buffer[] = []

  /** `entries` are in order. */
  constructor(
    private readonly entries: readonly ArrayEntry[],
    private readonly random?: Prng,
  ) {
    super()
  }

  seekToFirst(): void {
    this.moveTo(0)
  }

  seekToLast(): void {
    this.moveTo(this.entries.length - 1)
  }

  seek(target: Uint8Array): void {
    const found = this.entries.findIndex(({ key }) => compareBytes(key, target) >= 0)
    this.moveTo(found === -1 ? this.entries.length : found)
  }

  seekBefore(target: Uint8Array): void {
    this.moveTo(this.entries.findLastIndex(({ key }) => compareBytes(key, target) < 0))
  }

  next(): void {
    assert.ok(this.valid, 'next of an iterator that is not valid')
    this.moveTo(this.position + 1)
  }

  prev(): void {
    assert.ok(this.valid, 'prev of an iterator that is not valid')
    this.moveTo(this.position - 1)
  }

  async load(): Promise<void> {
    assert.ok(this.pending, 'load of an iterator that waits for nothing')
    await Promise.resolve()
    this.pending = false
    this.show()
  }

  close(): void {
    assert.ok(!this.isClosed, 'closed twice')
    this.isClosed = true
    this.valid = false
  }

  private moveTo(position: number): void {
    assert.ok(!this.isClosed && !this.pending, 'moved while closed or pending')
    if (this.leaving) for (const bytes of this.shown.splice(0)) bytes.fill('!')
    this.position = position
    this.pending = this.random?.chance(0.3) === true
    this.valid = false
    if (!this.pending) this.show()
  }

  private show(): void {
    const { position, entries } = this
    this.valid = position >= 0 && position < entries.length
    if (!this.valid) return
    const { key, sequence, kind, value } = entries[position]
    // Not from byte 0, so that an offset which is forgotten shows.
    const keyBytes = Buffer.concat([Buffer.from('<'), key, Buffer.from('>')])
    const valueBytes = Buffer.from(value)
    this.shown.push(keyBytes, valueBytes)
    this.keyBytes = keyBytes
    this.keyStart = 1
    this.keyEnd = 1 + key.length
    this.sequence = sequence
    this.kind = kind
    this.valueBytes = valueBytes
    this.valueEnd = value.length
    this.leaving = position % 3 === 1 || position === entries.length - 1
  }
}

/** What the iterator stands on, as a copy. */
export function entryOf(iterator: InternalIterator): ArrayEntry {
  const { keyBytes, keyStart, keyEnd, sequence, kind, valueBytes, valueStart, valueEnd } = iterator
  return {
    key: Buffer.from(keyBytes.subarray(keyStart, keyEnd)),
    sequence,
    kind,
    value: Buffer.from(valueBytes.subarray(valueStart, valueEnd)),
  }
}

const letters = 'abcdefgh'

/** Up to `count` versions of few keys, with sequences 1, 2, … in random places; in order. */
export function randomVersions(random: Prng, count: number): ArrayEntry[] {
  return Array.from({ length: random.below(count + 1) }, (_, i) => {
    const length = random.between(1, 2)
    const key = Array.from({ length }, () => random.pick([...letters])).join('')
    const kind = random.chance(0.3) ? 0 : 1
    const value = Buffer.from(kind === 1 ? `value ${i}` : '')
    return { key: Buffer.from(key), sequence: i + 1, kind, value }
  }).sort(compareEntries)
}

/** A key between, at or beside those of `randomVersions`. */
export function randomBound(random: Prng): Buffer {
  return Buffer.from(random.pick([...letters, 'i', 'A']) + random.pick(['', 'c', 'd\0']))
}
