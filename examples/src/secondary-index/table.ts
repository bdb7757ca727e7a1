import type { BatchOperation, Database } from 'varve'

export interface Index<T> {
  /** What of a record is looked up; undefined: this one is not in the index. */
  readonly of: (record: T) => string | undefined
  /** No two records may have the same. */
  readonly unique?: boolean
}

/**
 * Records by id, and indexes over them.
 *
 *     record/<id>                   the record
 *     index/<name>/<entry>\0<id>    an index entry: the records with an entry are neighbours
 *     rebuild/<name>                the index is being made anew
 *
 * A record and its index entries change in one batch: after any crash both are there or neither. To
 * know which entries go, the old record is read first; as that read and the batch are synchronous,
 * no other code changes it in between.
 */
export class Table<T, Name extends string> {
  constructor(
    private readonly db: Database<string, unknown>,
    private readonly indexes: Readonly<Record<Name, Index<T>>>,
  ) {}

  get(id: string): T | undefined {
    return this.db.getSync(`record/${id}`) as T | undefined
  }

  /** @throws when a unique index has the record's entry for another one */
  put(id: string, record: T): void {
    const old = this.get(id)
    const operations: BatchOperation<string, unknown>[] = []
    for (const [name, index] of this.eachIndex()) {
      const before = old === undefined ? undefined : index.of(old)
      const after = index.of(record)
      if (before === after) continue
      if (before !== undefined) {
        operations.push({ type: 'del', key: indexKey(name, before, id) })
      }
      if (after === undefined) continue
      const [taken] = index.unique ? this.idsBy(name, after) : []
      if (taken !== undefined) throw new Error(`${name} '${after}' belongs to ${taken}`)
      operations.push({ type: 'put', key: indexKey(name, after, id), value: null })
    }
    operations.push({ type: 'put', key: `record/${id}`, value: record })
    this.db.batchSync(operations)
  }

  delete(id: string): void {
    const old = this.get(id)
    if (old === undefined) return
    this.db.batchSync([
      { type: 'del', key: `record/${id}` },
      ...this.entriesOf(id, old).map((key) => ({ type: 'del', key }) as const),
    ])
  }

  /** The records that have this entry in an index, by id. */
  *by(name: Name, entry: string): Generator<[string, T]> {
    using now = this.db.snapshot()
    for (const id of this.idsBy(name, entry)) yield [id, now.getSync(`record/${id}`) as T]
  }

  /** The distinct entries of an index, in order, from `from` on. */
  *entries(name: Name, from = ''): Generator<string> {
    let previous: string | undefined
    const prefix = `index/${name}/`
    for (const key of this.db.keys({ gte: prefix + from, prefix })) {
      const entry = key.slice(prefix.length, key.indexOf('\0'))
      if (entry !== previous) yield entry
      previous = entry
    }
  }

  /** Compares records and index entries both ways, as of one moment; yields what does not fit. */
  *check(): Generator<string> {
    using now = this.db.snapshot()
    for (const key of now.keys({ prefix: 'rebuild/' })) yield `${key} has not ended`
    const expected = new Set<string>()
    for (const [key, record] of now.entries({ prefix: 'record/' })) {
      for (const entry of this.entriesOf(key.slice('record/'.length), record as T)) {
        expected.add(entry)
        if (!now.hasSync(entry)) yield `${printable(entry)} is missing`
      }
    }
    for (const key of now.keys({ prefix: 'index/' })) {
      if (!expected.has(key)) yield `${printable(key)} leads nowhere`
    }
  }

  /**
   * Builds an index again: after it was added, or when `check` found something. The table may be
   * used meanwhile, though the index is not whole until it is done. If the process dies before,
   * `check` says so.
   */
  async rebuild(name: Name): Promise<void> {
    await this.db.put(`rebuild/${name}`, null)
    await this.db.clear({ prefix: `index/${name}/` })
    for await (const key of this.db.keys({ prefix: 'record/' })) {
      const id = key.slice('record/'.length)
      const record = this.get(id) // as it is now, not when the walk began
      const entry = record === undefined ? undefined : this.indexes[name].of(record)
      if (entry !== undefined) this.db.putSync(indexKey(name, entry, id), null)
    }
    await this.db.del(`rebuild/${name}`)
  }

  private eachIndex(): [Name, Index<T>][] {
    return Object.entries(this.indexes) as [Name, Index<T>][]
  }

  private entriesOf(id: string, record: T): string[] {
    return this.eachIndex().flatMap(([name, index]) => {
      const entry = index.of(record)
      return entry === undefined ? [] : [indexKey(name, entry, id)]
    })
  }

  private *idsBy(name: Name, entry: string): Generator<string> {
    const prefix = indexKey(name, entry, '')
    for (const key of this.db.keys({ prefix })) yield key.slice(prefix.length)
  }
}

/** `\0` ends the entry, and sorts before whatever else could follow: 'Oslo' before 'Oslofjord'. */
function indexKey(name: string, entry: string, id: string): string {
  if (entry.includes('\0')) throw new RangeError(`an index entry has no \\0: ${printable(entry)}`)
  return `index/${name}/${entry}\0${id}`
}

function printable(key: string): string {
  return key.replaceAll('\0', ' ')
}
