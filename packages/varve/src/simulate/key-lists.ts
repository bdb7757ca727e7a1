/**
 * Entries of a simulation: a key's number and whether it is deleted, in one word. Lists are sorted
 * by key and hold each key once.
 *
 *     31                              1   0
 *     ┌────────────────────────────────┬───┐
 *     │ key                            │ d │
 *     └────────────────────────────────┴───┘
 */
export type KeyList = Uint32Array

export const maxKeys = 2 ** 31

export function keyOf(entry: number): number {
  return entry >>> 1
}

export function isDelete(entry: number): boolean {
  return (entry & 1) === 1
}

export function entryOf(key: number, deleted: boolean): number {
  return key * 2 + (deleted ? 1 : 0)
}

/** The newest entry of each key of several lists, the newest list first. */
export function mergeLists(lists: readonly KeyList[]): KeyList {
  if (lists.length === 0) return new Uint32Array(0)
  if (lists.length === 1) return lists[0]
  const middle = lists.length >> 1
  return mergeTwo(mergeLists(lists.slice(0, middle)), mergeLists(lists.slice(middle)))
}

function mergeTwo(newer: KeyList, older: KeyList): KeyList {
  const merged = new Uint32Array(newer.length + older.length)
  let count = 0
  let i = 0
  let j = 0
  while (i < newer.length && j < older.length) {
    const a = newer[i]
    const b = older[j]
    const order = (a >>> 1) - (b >>> 1)
    merged[count++] = order <= 0 ? a : b
    if (order <= 0) i++
    if (order >= 0) j++
  }
  merged.set(i < newer.length ? newer.subarray(i) : older.subarray(j), count)
  count += newer.length - i + (older.length - j)
  // A copy, so that a list keeps no more memory than it needs.
  return count === merged.length ? merged : merged.slice(0, count)
}

/**
 * Collects writes in the order in which they come, and gives them as a list: of each key the last.
 */
export class WriteBuffer {
  private readonly entries: Uint32Array
  private count = 0

  constructor(readonly capacity: number) {
    this.entries = new Uint32Array(capacity)
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  add(entry: number): void {
    this.entries[this.count++] = entry
  }

  /** Empties the buffer. */
  take(): KeyList {
    // Key first, then the place of the write: exact in a double up to 2^53.
    const places = new Float64Array(this.count)
    for (let i = 0; i < this.count; i++) places[i] = keyOf(this.entries[i]) * this.capacity + i
    places.sort()
    const list = new Uint32Array(this.count)
    let length = 0
    for (const place of places) {
      const entry = this.entries[place % this.capacity]
      if (length > 0 && keyOf(list[length - 1]) === keyOf(entry)) length--
      list[length++] = entry
    }
    this.count = 0
    return list.slice(0, length)
  }
}
