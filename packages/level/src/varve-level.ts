import { rmdirSync } from 'node:fs'
import { AbstractLevel } from 'abstract-level'
import {
  type CursorOptions,
  type Database,
  destroy,
  open,
  type Projection,
  type RangeOptions,
  VarveError,
} from 'varve'
import { repair } from 'varve/tools'
import { afterCloses, recordClose } from './closes-under-way.js'
import { engineOptionsOf } from './engine-options.js'
import { propertyOf } from './level-db-property.js'
import { byteKeys, byteValues, type Data, textKeys, textValues } from './level-encoding.js'
import { LevelError, rethrow } from './level-error.js'
import {
  type IteratorPlan,
  LevelIterator,
  LevelKeyIterator,
  LevelValueIterator,
} from './level-iterators.js'
import { LevelSnapshot, type SnapshotOptions } from './level-snapshot.js'
import type * as types from './level-types.js'
import { encodePlain, type PlainOperation, type PlainOptions } from './plain-batch.js'

type Engine = Database<Data, Data>

/** What abstract-level hands down: formats instead of encodings, the rest as the user gave it. */
interface PrivateOptions {
  readonly keyEncoding?: unknown
  readonly valueEncoding?: unknown
  readonly snapshot?: LevelSnapshot | null
  readonly sync?: boolean | undefined
}

interface PrivateRange extends PrivateOptions, RangeOptions<Data> {
  readonly reverse: boolean
  /** -1: none. */
  readonly limit: number
}

/** Deletes in one batch when a `clear` cannot be one write. */
const clearBatchCount = 1000

const synced = { sync: true } as const

const manifest = {
  encodings: { utf8: true, buffer: true, view: true },
  has: true,
  getSync: true,
  createIfMissing: true,
  errorIfExists: true,
  explicitSnapshots: true,
  additionalMethods: { approximateSize: true, compactRange: true },
  signals: { iterators: true },
}

/**
 * A database of Level that is kept by Varve. Methods, options, events and hooks are those of
 * classic-level 3 and abstract-level 3.
 *
 * ```ts
 * const db = new VarveLevel<string, { people: number }>('./data', { valueEncoding: 'json' })
 * await db.put('is:reykjavik', { people: 118918 })
 * for await (const [key, value] of db.iterator({ gte: 'is:', lt: 'is;' })) console.log(key, value)
 * ```
 *
 * One engine's database stands below, seen through four views: keys as text or bytes, values as
 * text or bytes. Writing takes both through any of them.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the interface
export class VarveLevel<KDefault = string, VDefault = string> extends AbstractLevel<
  string | Buffer | Uint8Array,
  KDefault,
  VDefault
> {
  readonly #location: string
  /** By the formats of keys and values, see `#view`. Empty until the first `open`. */
  #views: readonly Engine[] = []
  #isEngineOpen = false

  /**
   * @param location Directory of the database, absolute or relative to the working directory.
   * @param options Some of them go to `open`.
   */
  constructor(location: string, options?: types.DatabaseOptions<KDefault, VDefault>) {
    requireLocation(location)
    super(manifest, options)
    this.#location = location
  }

  /** As it was given to the constructor. */
  get location(): string {
    return this.#location
  }

  /**
   * The engine's own database, for features that Level lacks: statistics, levels, events. Its keys
   * are those of Level, except that keys of nothing but zero bytes have one more. A new one after
   * each `open`; closing it is left to `close`.
   */
  get engine(): Database<string | Uint8Array, string | Uint8Array> {
    this.#requireOpen('use engine')
    return this.#views[0]
  }

  /**
   * Bytes that [start, end) takes in files, to the nearest block; entries only in the log are not
   * counted.
   */
  approximateSize(start: KDefault, end: KDefault): Promise<number>
  approximateSize<K = KDefault>(
    start: K,
    end: K,
    options: types.StartEndOptions<K>,
  ): Promise<number>
  async approximateSize(
    start: unknown,
    end: unknown,
    options?: types.StartEndOptions<unknown>,
  ): Promise<number> {
    if (this.status === 'opening') {
      return this.deferAsync(() => this.approximateSize(start, end, options ?? {}))
    }
    this.#requireOpen('call approximateSize()')
    const [gte, lt] = this.#bounds(start, end, options)
    return this.#views[0].approximateSize({ gte, lt }).catch(rethrow)
  }

  /** Compacts [start, end] down to the deepest level. */
  compactRange(start: KDefault, end: KDefault): Promise<void>
  compactRange<K = KDefault>(start: K, end: K, options: types.StartEndOptions<K>): Promise<void>
  async compactRange(
    start: unknown,
    end: unknown,
    options?: types.StartEndOptions<unknown>,
  ): Promise<void> {
    if (this.status === 'opening') {
      return this.deferAsync(() => this.compactRange(start, end, options ?? {}))
    }
    this.#requireOpen('call compactRange()')
    const [gte, lte] = this.#bounds(start, end, options)
    return this.#views[0].compact({ gte, lte }).catch(rethrow)
  }

  /**
   * `leveldb.num-files-at-level<N>`, `leveldb.stats`, `leveldb.sstables` and
   * `leveldb.approximate-memory-usage` as in LevelDB, told of Varve; `varve.stats` and
   * `varve.levels` as JSON. '' for every other name.
   */
  getProperty(property: string): string {
    if (typeof property !== 'string') {
      throw new TypeError("The first argument 'property' must be a string")
    }
    this.#requireOpen('call getProperty()')
    return propertyOf(property, this.#views[0])
  }

  /**
   * Removes the database: its files, and the directory if nothing else is in it. Waits for a
   * `close` of this thread that has not ended.
   */
  static async destroy(location: string): Promise<void> {
    requireLocation(location)
    await afterCloses(() => destroy(location)).catch(rethrow)
    try {
      // At once: an `open` that waits comes before or after, and never in between.
      rmdirSync(location)
    } catch {
      // It is not there, or something else is in it.
    }
  }

  /**
   * Repairs a damaged database so that it opens, with everything outside the damage; a sound
   * one stays as it is. Needed after `LEVEL_CORRUPTION` only: what a crash leaves is mended by
   * opening. The originals of replaced files go to a folder in the directory. Lost data is
   * told by `repair` of `varve/tools`, which this calls.
   */
  static async repair(location: string): Promise<void> {
    requireLocation(location)
    const { after } = await afterCloses(() => repair(location, { apply: true })).catch(rethrow)
    if (after === undefined || after.isSound) return
    throw new LevelError('LEVEL_CORRUPTION', `${location} is still damaged after its repair`)
  }

  /**
   * Sets the value of `key`; done by abstract-level when a hook or listener takes part, otherwise
   * without its detours.
   */
  override put(key: KDefault, value: VDefault): Promise<void>
  override put<K = KDefault, V = VDefault>(
    key: K,
    value: V,
    options: types.PutOptions<K, V>,
  ): Promise<void>
  override put(key: unknown, value: unknown, options?: PlainOptions): Promise<void> {
    if (this.#isUnwatched()) {
      try {
        const [operation] = encodePlain(this, [{ type: 'put', key, value }], options) ?? []
        if (operation?.type === 'put') return this._put(operation.key, operation.value, options)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return super.put(key, value, options as object)
  }

  /**
   * The same for many operations: all are applied or none. Without arguments: a chained
   * batch.
   */
  override batch(operations: types.BatchOperation<this, KDefault, VDefault>[]): Promise<void>
  override batch<K = KDefault, V = VDefault>(
    operations: types.BatchOperation<this, K, V>[],
    options: types.BatchOptions<K, V>,
  ): Promise<void>
  override batch(): types.ChainedBatch<this, KDefault, VDefault>
  override batch(...args: unknown[]): unknown {
    const [operations, options] = args as [unknown, PlainOptions | undefined]
    if (args.length === 0) return super.batch()
    if (this.#isUnwatched() && Array.isArray(operations)) {
      try {
        const encoded = encodePlain(this, operations, options)
        if (encoded !== undefined) return this._batch(encoded, options)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return super.batch(operations as never, options as object)
  }

  /**
   * Closes the database. An `open` or `destroy` of the same directory in this thread waits for it.
   */
  override close(): Promise<void> {
    const heldDirectory = () => (this.#isEngineOpen ? this.#views[0].path : undefined)
    return recordClose({ heldDirectory }, super.close())
  }

  /**
   * The text of `console.log`: one line. Node passes its own `inspect`, so bundles need no
   * node:util.
   */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: (fields: object, options: object) => string,
  ): string {
    if (depth < 0) return '[VarveLevel]'
    const { location, status } = this
    const keyEncoding = this.keyEncoding().commonName
    const valueEncoding = this.valueEncoding().commonName
    const fields = { location, status, keyEncoding, valueEncoding }
    return `VarveLevel ${inspect(fields, { ...options, breakLength: Infinity })}`
  }

  // What follows is called by abstract-level, with keys and values encoded.

  async _open(options: types.OpenOptions): Promise<void> {
    const engineOptions = {
      ...engineOptionsOf(options),
      keyEncoding: textKeys,
      valueEncoding: textValues,
    }
    const first = await afterCloses(() => open(this.#location, engineOptions)).catch(
      (error: unknown) => rethrow(inLevelDbsWords(error, this.#location)),
    )
    this.#views = [
      first,
      first.withEncodings({ valueEncoding: byteValues }),
      first.withEncodings({ keyEncoding: byteKeys }),
      first.withEncodings({ keyEncoding: byteKeys, valueEncoding: byteValues }),
    ]
    this.#isEngineOpen = true
  }

  /**
   * A close that fails to sync the last writes closes the engine too, and reports the failure once.
   */
  async _close(): Promise<void> {
    if (!this.#isEngineOpen) return
    try {
      await this.#views[0].close()
    } catch (error) {
      rethrow(error)
    } finally {
      this.#isEngineOpen = false
    }
  }

  _put(key: Data, value: Data, options?: PrivateOptions): Promise<void> {
    return this.#views[0].put(key, value, syncIn(options)).catch(rethrow)
  }

  _del(key: Data, options?: PrivateOptions): Promise<void> {
    return this.#views[0].del(key, syncIn(options)).catch(rethrow)
  }

  _batch(operations: PlainOperation[], options?: PrivateOptions): Promise<void> {
    return this.#views[0].batch(operations, syncIn(options)).catch(rethrow)
  }

  _get(key: Data, options: PrivateOptions): Promise<Data | undefined> {
    return this.#view(options).get(key, snapshotIn(options)).catch(rethrow)
  }

  _getSync(key: Data, options: PrivateOptions): Data | undefined {
    try {
      return this.#view(options).getSync(key, snapshotIn(options))
    } catch (error) {
      return rethrow(error)
    }
  }

  _getMany(keys: Data[], options: PrivateOptions): Promise<(Data | undefined)[]> {
    return this.#view(options).getMany(keys, snapshotIn(options)).catch(rethrow)
  }

  _has(key: Data, options: PrivateOptions): Promise<boolean> {
    return this.#views[0].has(key, snapshotIn(options)).catch(rethrow)
  }

  _hasMany(keys: Data[], options: PrivateOptions): Promise<boolean[]> {
    const snapshot = snapshotIn(options)
    return Promise.all(keys.map((key) => this.#views[0].has(key, snapshot))).catch(rethrow)
  }

  _snapshot(options: SnapshotOptions): LevelSnapshot {
    return new LevelSnapshot(options, this.#views[0].snapshot())
  }

  _iterator(options: PrivateRange & IteratorPlan): LevelIterator<this> {
    const projection =
      options.values === false ? 'keys' : options.keys === false ? 'values' : 'entries'
    return new LevelIterator(this, options, this.#cursor(options, projection))
  }

  _keys(options: PrivateRange & IteratorPlan): LevelKeyIterator<this> {
    return new LevelKeyIterator(this, options, this.#cursor(options, 'keys'))
  }

  _values(options: PrivateRange & IteratorPlan): LevelValueIterator<this> {
    return new LevelValueIterator(this, options, this.#cursor(options, 'values'))
  }

  /**
   * One write for a whole range. With a limit or a snapshot: reads keys as bytes, because text
   * would not lead back to a key that is not UTF-8, and deletes them in batches.
   */
  async _clear(options: PrivateRange): Promise<void> {
    const [view] = this.#views
    const write = syncIn(options)
    try {
      if (options.limit === -1 && options.snapshot == null) {
        await view.clear(boundsIn(options), write)
        return
      }
      using cursor = this.#cursor({ ...options, keyEncoding: 'view' }, 'keys')
      let left = options.limit === -1 ? Infinity : options.limit
      while (left > 0) {
        const keys = await cursor.read(Math.min(left, clearBatchCount))
        if (keys.length === 0) return
        left -= keys.length
        await view.batch(
          keys.map((key) => ({ type: 'del', key })),
          write,
        )
      }
    } catch (error) {
      rethrow(error)
    }
  }

  #cursor<P extends Projection>(options: PrivateRange, projection: P) {
    const walk: CursorOptions<Data, P> = boundsIn(options)
    const { snapshot } = options
    walk.reverse = options.reverse
    walk.projection = projection
    if (isUsable(snapshot)) walk.snapshot = snapshot.engine
    try {
      return this.#view(options).cursor(walk)
    } catch (error) {
      return rethrow(error)
    }
  }

  #view({ keyEncoding, valueEncoding }: PrivateOptions): Engine {
    return this.#views[(keyEncoding === 'utf8' ? 0 : 2) + (valueEncoding === 'utf8' ? 0 : 1)]
  }

  #bounds(start: unknown, end: unknown, options?: types.StartEndOptions<unknown>): [Data, Data] {
    const encoding = this.keyEncoding(options?.keyEncoding as 'utf8')
    return [encoding.encode(start as string), encoding.encode(end as string)] as [Data, Data]
  }

  /** Whether only the database takes part in a write. */
  #isUnwatched(): boolean {
    const { prewrite } = this.hooks as unknown as { prewrite: { noop: boolean } }
    return this.status === 'open' && prewrite.noop && this.listenerCount('write') === 0
  }

  #requireOpen(what: string): void {
    if (this.status === 'open') return
    throw new LevelError('LEVEL_DATABASE_NOT_OPEN', `Database is not open: cannot ${what}`)
  }
}

/** Methods that AbstractLevel has, with the options that they take here. */
export interface VarveLevel<KDefault, VDefault> {
  open(): Promise<void>
  open(options: types.OpenOptions): Promise<void>
  get(key: KDefault): Promise<VDefault | undefined>
  get<K = KDefault, V = VDefault>(key: K, options: types.GetOptions<K, V>): Promise<V | undefined>
  getSync(key: KDefault): VDefault | undefined
  getSync<K = KDefault, V = VDefault>(key: K, options: types.GetOptions<K, V>): V | undefined
  getMany(keys: KDefault[]): Promise<(VDefault | undefined)[]>
  getMany<K = KDefault, V = VDefault>(
    keys: K[],
    options: types.GetManyOptions<K, V>,
  ): Promise<(V | undefined)[]>
  has(key: KDefault): Promise<boolean>
  has<K = KDefault>(key: K, options: types.HasOptions<K>): Promise<boolean>
  hasMany(keys: KDefault[]): Promise<boolean[]>
  hasMany<K = KDefault>(keys: K[], options: types.HasManyOptions<K>): Promise<boolean[]>
  del(key: KDefault): Promise<void>
  del<K = KDefault>(key: K, options: types.DelOptions<K>): Promise<void>
  clear(): Promise<void>
  clear<K = KDefault>(options: types.ClearOptions<K>): Promise<void>
  iterator(): types.Iterator<this, KDefault, VDefault>
  iterator<K = KDefault, V = VDefault>(
    options: types.IteratorOptions<K, V>,
  ): types.Iterator<this, K, V>
  keys(): types.KeyIterator<this, KDefault>
  keys<K = KDefault>(options: types.KeyIteratorOptions<K>): types.KeyIterator<this, K>
  values(): types.ValueIterator<this, KDefault, VDefault>
  values<K = KDefault, V = VDefault>(
    options: types.ValueIteratorOptions<K, V>,
  ): types.ValueIterator<this, K, V>
}

function requireLocation(location: unknown): void {
  if (typeof location === 'string' && location !== '') return
  throw new TypeError("The first argument 'location' must be a non-empty string")
}

function syncIn(options?: PrivateOptions): { sync: true } | undefined {
  return options?.sync === true ? synced : undefined
}

function snapshotIn({ snapshot }: PrivateOptions) {
  return isUsable(snapshot) ? { snapshot: snapshot.engine } : undefined
}

/** A closed one is left out: abstract-level refuses to read through it, after what is done here. */
function isUsable(snapshot: PrivateOptions['snapshot']): snapshot is LevelSnapshot {
  return snapshot != null && !snapshot.isClosed
}

/** Tests of Level's users look for these words. */
function inLevelDbsWords(error: unknown, location: string): unknown {
  const option = error instanceof VarveError ? error.option : undefined
  const problem =
    option === 'createIfMissing'
      ? 'does not exist (createIfMissing is false)'
      : option === 'errorIfExists'
        ? 'exists (errorIfExists is true)'
        : undefined
  if (problem === undefined) return error
  return new LevelError('LEVEL_INVALID_ARGUMENT', `${location}: ${problem}`, error)
}

/** `gte` goes before `gt`, and `lte` before `lt`. */
function boundsIn({ gt, gte, lt, lte }: PrivateRange): RangeOptions<Data> {
  const range: RangeOptions<Data> = {}
  if (gte !== undefined) range.gte = gte
  else if (gt !== undefined) range.gt = gt
  if (lte !== undefined) range.lte = lte
  else if (lt !== undefined) range.lt = lt
  return range
}
