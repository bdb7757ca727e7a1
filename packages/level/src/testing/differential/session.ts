import type { AbstractIterator, AbstractSnapshot } from 'abstract-level'
import type { BatchItem, IteratorKind, Operation, RangeOptions, Slot } from './operation.js'
import { type AnyLevel, placesOf } from './places.js'

/**
 * The methods that operations call, without the types of keys and values, which change with each
 * call.
 */
interface Callable {
  put(key: unknown, value: unknown, options: object): Promise<void>
  del(key: unknown, options: object): Promise<void>
  get(key: unknown, options: object): Promise<unknown>
  getSync(key: unknown, options: object): unknown
  has(key: unknown, options: object): Promise<boolean>
  getMany(keys: unknown[], options: object): Promise<unknown[]>
  hasMany(keys: unknown[], options: object): Promise<boolean[]>
  batch(items: object[], options: object): Promise<void>
  batch(): Chain
  clear(options: object): Promise<void>
  iterator(options: object): AnyIterator
  keys(options: object): AnyIterator
  values(options: object): AnyIterator
  snapshot(): AbstractSnapshot
}

interface Chain {
  readonly length: number
  put(key: unknown, value: unknown, options: object): Chain
  del(key: unknown, options: object): Chain
  clear(): Chain
  write(): Promise<void>
  close(): Promise<void>
}

type AnyIterator = Pick<
  AbstractIterator<never, unknown, unknown>,
  'count' | 'limit' | 'next' | 'nextv' | 'all' | 'seek' | 'close'
>

/**
 * One database, with the iterators and snapshots that operations have opened on it. A slot that
 * holds nothing makes an operation do nothing.
 */
export class Session {
  private places: Callable[] = []
  private readonly iterators = new Map<Slot, AnyIterator>()
  private readonly snapshots = new Map<Slot, AbstractSnapshot>()

  constructor(
    readonly name: string,
    private readonly db: AnyLevel,
    /** Moves data to where the database keeps what is old, if it has such a place. */
    private readonly settle: () => Promise<unknown> = () => Promise.resolve(),
  ) {}

  /** Opens the database and its sublevels. */
  async open(): Promise<void> {
    await this.db.open()
    const places = placesOf(this.db)
    for (const place of places) await place.open()
    this.places = places
  }

  /** What the operation returns, or a list of what its steps return. */
  async run(operation: Operation): Promise<unknown> {
    switch (operation.name) {
      case 'put':
        return this.places[operation.on].put(operation.key, operation.value, operation.options)
      case 'del':
        return this.places[operation.on].del(operation.key, operation.options)
      case 'get':
      case 'getSync':
      case 'has': {
        const { name, on, key, options, snapshot } = operation
        return this.places[on][name](key, this.at(snapshot, options))
      }
      case 'getMany':
      case 'hasMany': {
        const { name, on, keys, options, snapshot } = operation
        return this.places[on][name](keys, this.at(snapshot, options))
      }
      case 'batch':
        return this.places[operation.on].batch(
          operation.items.map((item) => this.itemOf(item)),
          operation.options,
        )
      case 'chain':
        return this.runChain(operation)
      case 'clear':
        return this.places[operation.on].clear(this.at(operation.snapshot, operation.options))
      case 'list': {
        const { on, kind, options, snapshot } = operation
        return this.walk(on, kind, options, snapshot).all()
      }
      case 'openIterator': {
        const { on, kind, options, snapshot, slot } = operation
        await this.iterators.get(slot)?.close()
        this.iterators.set(slot, this.walk(on, kind, options, snapshot))
        return undefined
      }
      case 'next':
        return this.step(operation.slot, (iterator) => iterator.next())
      case 'all':
        return this.step(operation.slot, (iterator) => iterator.all())
      case 'nextv':
        return this.step(operation.slot, (iterator) => readList(iterator, operation.size))
      case 'seek':
        return this.iterators.get(operation.slot)?.seek(operation.target, operation.options)
      case 'closeIterator':
        return this.iterators.get(operation.slot)?.close()
      case 'openSnapshot':
        await this.snapshots.get(operation.slot)?.close()
        this.snapshots.set(operation.slot, this.places[operation.on].snapshot())
        return undefined
      case 'closeSnapshot':
        return this.snapshots.get(operation.slot)?.close()
      case 'settle':
        await this.settle()
        return undefined
      case 'reopen':
        return this.reopen()
    }
  }

  close(): Promise<void> {
    return this.db.close()
  }

  private async runChain({ on, items, clearedAt, isWritten }: Operation & { name: 'chain' }) {
    const chain = this.places[on].batch()
    try {
      for (const [i, item] of items.entries()) {
        if (i === clearedAt) chain.clear()
        const { type, key, value, ...options } = this.itemOf(item)
        if (type === 'put') chain.put(key, value, options)
        else chain.del(key, options)
      }
      const { length } = chain
      if (isWritten) await chain.write()
      return length
    } finally {
      await chain.close()
    }
  }

  /**
   * Closes an iterator that fails: implementations differ in where it stands after an entry that
   * cannot be decoded.
   */
  private async step(slot: Slot, read: (iterator: AnyIterator) => Promise<unknown>) {
    const iterator = this.iterators.get(slot)
    if (iterator === undefined) return undefined
    try {
      return await read(iterator)
    } catch (error) {
      await iterator.close()
      throw error
    }
  }

  private async reopen(): Promise<void> {
    await this.db.close()
    this.iterators.clear()
    this.snapshots.clear()
    await this.open()
  }

  private walk(on: number, kind: IteratorKind, options: RangeOptions, snapshot?: Slot) {
    return this.places[on][kind](this.at(snapshot, options))
  }

  private at(slot: Slot | undefined, options: object): object {
    const snapshot = slot === undefined ? undefined : this.snapshots.get(slot)
    return snapshot === undefined ? options : { ...options, snapshot }
  }

  private itemOf({
    sublevel,
    ...item
  }: BatchItem): Omit<BatchItem, 'sublevel'> & { sublevel?: object } {
    return sublevel === undefined ? item : { ...item, sublevel: this.places[sublevel] }
  }
}

/**
 * One `nextv` may return fewer entries than asked for: reads until there are enough, or no more.
 */
async function readList(iterator: AnyIterator, size: number): Promise<unknown[]> {
  const items = await iterator.nextv(size)
  while (items.length > 0 && items.length < size) {
    const more = await iterator.nextv(size - items.length)
    if (more.length === 0) break
    items.push(...more)
  }
  return [...items, iterator.count]
}
