import { base64 } from '../live/tree-differ.js'
import type { BinaryDatabase } from '../live/broadcast.js'
import type { KeyItem, KeyPage } from '../protocol/answers.js'

const maxItems = 100
/** Keys of one group that are counted. */
const maxCounted = 1000
/** Keys read for one page, so that one request cannot take long. */
const maxRead = 20_000
const keysPerRead = 256
/** A group ends with the first of these after the prefix. */
const delimiters = new Set(Buffer.from('/:|!\0'))

/**
 * The keys that start with `prefix`, in order, with those that share more of it grouped up to the
 * next delimiter. `after`: continue past all keys that start with it.
 */
export async function listKeys(
  db: BinaryDatabase,
  prefix: Uint8Array,
  after?: Uint8Array,
): Promise<KeyPage> {
  const page = new KeyGroups(prefix)
  const cursor = db.cursor({ ...(prefix.length > 0 ? { prefix } : {}), projection: 'keys' })
  try {
    const start = after === undefined ? undefined : firstAfterItem(after)
    if (start === null) return { items: [] }
    if (start !== undefined) cursor.seek(start)
    let read = 0
    let isAtEnd = false
    while (!page.isFull && read < maxRead && !isAtEnd) {
      const keys = await cursor.read(keysPerRead)
      read += keys.length
      isAtEnd = keys.length === 0
      for (const key of keys) {
        const jump = page.add(key)
        if (page.isFull) break
        if (jump === undefined) continue
        // The rest of a large group is skipped instead of counted.
        const next = firstAfter(jump)
        if (next === null) isAtEnd = true
        else cursor.seek(next)
        break
      }
    }
    if (!page.isFull && !isAtEnd) page.cutShort()
    return await withSizes(db, page, isAtEnd)
  } finally {
    cursor.close()
  }
}

type Group = { prefix: Uint8Array; firstKey: Uint8Array; keyCount: number; hasMore: boolean }

/** Groups keys that come in order. */
class KeyGroups {
  readonly groups: Group[] = []
  isFull = false

  constructor(private readonly prefix: Uint8Array) {}

  /** Returns the prefix of a group that need not be read any further. */
  add(key: Uint8Array): Uint8Array | undefined {
    const last = this.groups.at(-1)
    const group = this.groupOf(key)
    if (last !== undefined && Buffer.compare(last.prefix, group) === 0) {
      last.keyCount++
      last.hasMore = last.keyCount >= maxCounted
      return last.hasMore ? group : undefined
    }
    if (this.groups.length === maxItems) this.isFull = true
    else this.groups.push({ prefix: group, firstKey: key, keyCount: 1, hasMore: false })
    return undefined
  }

  /** Reading ended within the last group. */
  cutShort(): void {
    const last = this.groups.at(-1)
    if (last !== undefined && last.keyCount > 1) last.hasMore = true
  }

  /** The key up to the first delimiter after the prefix, or the whole key. */
  private groupOf(key: Uint8Array): Uint8Array {
    for (let i = this.prefix.length; i < key.length - 1; i++) {
      if (delimiters.has(key[i])) return key.subarray(0, i + 1)
    }
    return key
  }
}

async function withSizes(db: BinaryDatabase, page: KeyGroups, isAtEnd: boolean): Promise<KeyPage> {
  const items: KeyItem[] = []
  for (const { prefix, firstKey, keyCount, hasMore } of page.groups) {
    if (keyCount === 1) items.push({ kind: 'key', key: base64(firstKey) })
    else {
      const sizeBytes = await db.approximateSize({ prefix })
      items.push({ kind: 'group', prefix: base64(prefix), keyCount, hasMore, sizeBytes })
    }
  }
  const last = page.groups.at(-1)
  return isAtEnd || last === undefined ? { items } : { items, next: base64(last.prefix) }
}

/** Where the item after a group, which ends in a delimiter, or after a key begins. */
function firstAfterItem(item: Uint8Array): Uint8Array | null {
  const isGroup = item.length > 0 && delimiters.has(item[item.length - 1])
  return isGroup ? firstAfter(item) : Buffer.concat([item, Buffer.of(0)])
}

/** The first key after all that start with `prefix`; null if there can be none. */
function firstAfter(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return null
  const next = Buffer.from(prefix.subarray(0, length))
  next[length - 1]++
  return next
}
