import assert from 'node:assert/strict'
import { hashBytes } from '../../base/bytes/hash.js'
import { Memory } from '../../base/memory.js'
import type { InputEntry, JobInput } from '../../entry/job-input.js'
import { MemoryEntry } from '../../entry/memory-entry.js'
import type { ArrayEntry } from './array-iterator.js'

/** The entry in the form that a flush or compaction reads, in its own memory. */
export function inputEntry(entry: ArrayEntry, isNewKey = true): InputEntry {
  const { key, sequence, kind, value } = entry
  // Starts after byte 0, so that code that ignores the offset fails.
  const bytes = Buffer.concat([Buffer.from('<'), key, value, Buffer.from('>')])
  const valueEnd = bytes.length - 1
  const keyStart = 1
  const keyEnd = keyStart + key.length
  const fields = { keyStart, keyEnd, valueEnd, sequence, kind, isNewKey }
  return Object.assign(new MemoryEntry(new Memory(bytes)), fields)
}

/** The entries in order, each with a flag for a new key. */
export function* inputEntries(entries: Iterable<ArrayEntry>): Generator<InputEntry> {
  let lastKey: Buffer | undefined
  for (const entry of entries) {
    yield inputEntry(entry, lastKey?.equals(entry.key) !== true)
    lastKey = entry.key
  }
}

/** A copy of the entry. */
export function arrayEntryOf(entry: InputEntry): ArrayEntry {
  const { keyStart, keyEnd, valueEnd, sequence, kind } = entry
  const copy = Memory.allocate(valueEnd - keyStart + 3)
  entry.copyTo(copy, 0)
  return {
    key: Buffer.from(copy.bytes.subarray(0, keyEnd - keyStart)),
    sequence,
    kind,
    value: Buffer.from(copy.bytes.subarray(keyEnd - keyStart, valueEnd - keyStart)),
  }
}

/** Copies of all entries that a job reads. Fails if an entry's new-key flag or hash is wrong. */
export function readInput(input: JobInput): ArrayEntry[] {
  const entries: ArrayEntry[] = []
  for (let entry = input.next(); entry !== undefined; entry = input.next()) {
    const { isNewKey } = entry
    const copy = arrayEntryOf(entry)
    assert.equal(isNewKey, entries.at(-1)?.key.equals(copy.key) !== true)
    assert.equal(entry.hash(), hashBytes(copy.key, 0, copy.key.length))
    entries.push(copy)
  }
  assert.equal(input.next(), undefined)
  input.close()
  return entries
}
