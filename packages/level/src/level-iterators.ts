import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import type { Cursor } from 'varve'
import { CursorReader, type ReaderOptions } from './cursor-reader.js'
import type { Data } from './level-encoding.js'

/**
 * Level's three iterators. abstract-level calls the methods with an underscore: one at a time, and
 * not after `_close`; it counts what was given, and decodes it in place.
 */
export interface IteratorPlan extends ReaderOptions {
  readonly keys?: boolean
  readonly values?: boolean
}

type Entry = [Data | undefined, Data | undefined]

export class LevelIterator<TDatabase> extends AbstractIterator<TDatabase, Data, Data> {
  readonly #reader: CursorReader<Entry>

  /** `cursor` gives entries, or what of them `options` asks for. */
  constructor(db: TDatabase, options: IteratorPlan, cursor: Cursor<Data, unknown>) {
    super(db, options)
    this.#reader = new CursorReader(cursor, options, entryShape(options))
  }

  _next(): Entry | undefined | Promise<Entry | undefined> {
    return this.#reader.next(this.limit - this.count)
  }

  _nextv(size: number): Promise<Entry[]> {
    return this.#reader.nextv(size)
  }

  _seek(target: Data): void {
    this.#reader.seek(target)
  }

  _close(): Promise<void> {
    return this.#reader.close()
  }
}

export class LevelKeyIterator<TDatabase> extends AbstractKeyIterator<TDatabase, Data> {
  readonly #reader: CursorReader<Data>

  /** `cursor` gives keys. */
  constructor(db: TDatabase, options: IteratorPlan, cursor: Cursor<Data, Data>) {
    super(db, options)
    this.#reader = new CursorReader(cursor, options)
  }

  _next(): Data | undefined | Promise<Data | undefined> {
    return this.#reader.next(this.limit - this.count)
  }

  _nextv(size: number): Promise<Data[]> {
    return this.#reader.nextv(size)
  }

  _seek(target: Data): void {
    this.#reader.seek(target)
  }

  _close(): Promise<void> {
    return this.#reader.close()
  }
}

export class LevelValueIterator<TDatabase> extends AbstractValueIterator<TDatabase, Data, Data> {
  readonly #reader: CursorReader<Data>

  /** `cursor` gives values. */
  constructor(db: TDatabase, options: IteratorPlan, cursor: Cursor<Data, Data>) {
    super(db, options)
    this.#reader = new CursorReader(cursor, options)
  }

  _next(): Data | undefined | Promise<Data | undefined> {
    return this.#reader.next(this.limit - this.count)
  }

  _nextv(size: number): Promise<Data[]> {
    return this.#reader.nextv(size)
  }

  _seek(target: Data): void {
    this.#reader.seek(target)
  }

  _close(): Promise<void> {
    return this.#reader.close()
  }
}

/** Puts a lone key or value where an entry has it; undefined when the cursor gives entries. */
function entryShape({ keys, values }: IteratorPlan): ((item: unknown) => Entry) | undefined {
  if (keys !== false && values !== false) return undefined
  if (keys !== false) return (key) => [key as Data, undefined]
  if (values !== false) return (value) => [undefined, value as Data]
  return () => [undefined, undefined]
}
