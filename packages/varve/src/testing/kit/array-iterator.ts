import assert from 'node:assert/strict'
import { compareBytes } from '../../base/bytes/bytes.js'
import type { Prng } from '../../base/prng.js'
import { EntryCursor } from '../../entry/entry-cursor.js'
import type { InternalIterator } from '../../entry/internal-iterator.js'

export interface ArrayEntry {
  readonly key: Buffer
  readonly sequence: number
  readonly kind: number
  readonly value: Buffer
}

/** Orders user keys ascending, and the versions of a key from newest to oldest. */
export function compareEntries(a: ArrayEntry, b: ArrayEntry): number {
  return compareBytes(a.key, b.key) || b.sequence - a.sequence
}

/**
 * The iterator contract over an array. With a generator, some steps are `pending`, as if a block
 * had to be loaded. Memory that may be reused is overwritten immediately.
 *
 * Owned by: a test. Invariant: no step while the iterator is invalid or closed.
 */
export class ArrayIterator extends EntryCursor implements InternalIterator {
  readonly page = undefined
  isClosed = false
  private position = -1
  /** The memory shown since a step last released memory. */
  private shown: Buffer[] = []

  /** Requires: `entries` are in order. */
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
    // Starts after byte 0, so that code that ignores the offset fails.
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

/** A copy of the current entry. */
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

/** Up to `count` versions of a few keys in order, with sequences 1, 2, … assigned at random. */
export function randomVersions(random: Prng, count: number): ArrayEntry[] {
  return Array.from({ length: random.below(count + 1) }, (_, i) => {
    const length = random.between(1, 2)
    const key = Array.from({ length }, () => random.pick([...letters])).join('')
    const kind = random.chance(0.3) ? 0 : 1
    const value = Buffer.from(kind === 1 ? `value ${i}` : '')
    return { key: Buffer.from(key), sequence: i + 1, kind, value }
  }).sort(compareEntries)
}

/** A key between, equal to or outside the keys of `randomVersions`. */
export function randomBound(random: Prng): Buffer {
  return Buffer.from(random.pick([...letters, 'i', 'A']) + random.pick(['', 'c', 'd\0']))
}
