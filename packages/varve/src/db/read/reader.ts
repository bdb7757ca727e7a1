import { ByteSink } from '../../base/bytes/byte-sink.js'
import { invalidArgument } from '../../base/errors.js'
import { atIndex, keyError, unreadableValue } from '../../batch/encoding-error.js'
import { requireKeyLength } from '../../key/limits.js'
import type { Hold } from '../../entry/missing-piece.js'
import { LookupState, PointLookup } from '../../entry/point-lookup.js'
import { asyncOnlyError } from '../../store/table-store.js'
import type { ReadState } from '../../tree/read-state.js'
import type {
  CursorOptions,
  IterateOptions,
  Projected,
  Projection,
  ReadOptions,
  VersionedValue,
} from '../api.js'
import { Cursor } from './cursor.js'
import { EntryRange } from './entry-range.js'
import { checkCursorOptions, checkIterateOptions, checkReadOptions, rangeOf } from './key-bounds.js'
import type { ReadableTree, ReadCore } from './read-core.js'

/**
 * The read methods of a database and of its snapshots. Values are copies, or decoded from copies:
 * they belong to the caller and stay valid.
 */
export abstract class Reader<K, V> {
  /** Scratch memory for the key of the current read. */
  private readonly keySink = new ByteSink(256)
  private readonly lookup: PointLookup

  protected constructor(protected readonly readCore: ReadCore) {
    this.lookup = new PointLookup(readCore.clock)
  }

  /** The highest sequence that reads see. Throws if the reader is closed. */
  protected abstract visibleSequence(): number

  /**
   * The value of `key`, or undefined if it has none. Resolves immediately if everything needed is
   * in memory; otherwise see `coldReads`.
   *
   * @throws INVALID_ARGUMENT for a bad key, CLOSED, CORRUPTION, IO (as rejections)
   */
  get(key: K, options?: ReadOptions): Promise<V | undefined> {
    try {
      const lookup = this.find(key, false, options)
      if (lookup.state === LookupState.blocked) return this.getCold(lookup, options)
      const value = this.valueOf(lookup)
      const { turns } = this.readCore
      return turns.isDue() ? turns.later(value) : Promise.resolve(value)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The value of `key`, or undefined. Blocks the thread if a block must be read. */
  getSync(key: K, options?: ReadOptions): V | undefined {
    return this.valueOf(this.findNow(key, options))
  }

  /**
   * The value of `key` and the version that `atomic().check` takes: a number that every write of
   * the key increases. If the key has no value, they are undefined and null.
   */
  getWithVersion(key: K, options?: ReadOptions): Promise<VersionedValue<V>> {
    const take = (found: PointLookup): VersionedValue<V> =>
      found.hasValue
        ? { value: this.valueOf(found), version: found.sequence }
        : { value: undefined, version: null }
    try {
      const lookup = this.find(key, false, options)
      if (lookup.state !== LookupState.blocked) return Promise.resolve(take(lookup))
      return this.resolveCold(lookup, take, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The values of `keys`, in their order, from one state; undefined for keys without a value. */
  async getMany(keys: readonly K[], options?: ReadOptions): Promise<(V | undefined)[]> {
    if (!Array.isArray(keys)) throw invalidArgument('getMany takes an array of keys')
    if (options !== undefined) checkReadOptions(options)
    // Refuses a bad snapshot once for all keys.
    if (options !== undefined) this.sequenceFor(options)
    const { turns } = this.readCore
    const values: (V | undefined)[] = new Array<V | undefined>(keys.length)
    const cold: Promise<void>[] = []
    let index = 0
    try {
      for (; index < keys.length; index++) {
        const lookup = this.find(keys[index] as K, false, options)
        if (lookup.state !== LookupState.blocked) values[index] = this.valueOf(lookup)
        else cold.push(this.fillCold(values, index, lookup, options))
      }
    } catch (error) {
      throw atIndex(error, 'keys', index)
    }
    await Promise.all(cold)
    return turns.isDue(keys.length) ? turns.later(values) : values
  }

  /** Whether `key` has a value. */
  has(key: K, options?: ReadOptions): Promise<boolean> {
    try {
      const lookup = this.find(key, false, options)
      if (lookup.state !== LookupState.blocked) return Promise.resolve(lookup.hasValue)
      return this.resolveCold(lookup, (found) => found.hasValue, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Like `has`, but synchronous. */
  hasSync(key: K, options?: ReadOptions): boolean {
    return this.findNow(key, options).hasValue
  }

  /**
   * The entries of a range, ordered by their encoded keys: iterate with `for (const [key, value] of
   * …)` or `for await`. Nothing is read before the iteration starts.
   */
  entries(options: IterateOptions<K> = {}): EntryRange<[K, V]> {
    return this.rangeFor(options, 'entries')
  }

  /** Like `entries`, but keys only. */
  keys(options: IterateOptions<K> = {}): EntryRange<K> {
    return this.rangeFor(options, 'keys')
  }

  /** Like `entries`, but values only. */
  values(options: IterateOptions<K> = {}): EntryRange<V> {
    return this.rangeFor(options, 'values')
  }

  /**
   * An iterator that returns entries in batches of any size and can seek. Close it when you are
   * done, or declare it with `using`.
   */
  cursor<P extends Projection = 'entries'>(
    options: CursorOptions<K, P> = {},
  ): Cursor<K, Projected<P, K, V>> {
    checkCursorOptions(options)
    const visibleSequence = this.sequenceFor(options)
    const { reverse = false, projection = 'entries' } = options
    const range = rangeOf(options, this.readCore.keyEncoding)
    return new Cursor(this.coreFor(options), visibleSequence, { range, reverse, projection })
  }

  private rangeFor<T>(options: IterateOptions<K>, projection: Projection): EntryRange<T> {
    checkIterateOptions(options)
    const { reverse = false, limit = Infinity } = options
    const range = rangeOf(options, this.readCore.keyEncoding)
    const plan = { range, reverse, limit, projection }
    return new EntryRange(this.coreFor(options), () => this.sequenceFor(options), plan)
  }

  private sequenceFor({ snapshot }: ReadOptions): number {
    return snapshot === undefined
      ? this.visibleSequence()
      : this.readerOf(snapshot).visibleSequence()
  }

  /** The snapshot as a reader. Throws INVALID_ARGUMENT if it belongs to another database. */
  private readerOf(snapshot: object): Reader<unknown, unknown> {
    if (snapshot instanceof Reader) {
      const reader: Reader<unknown, unknown> = snapshot
      if (reader.readCore.walks === this.readCore.walks) return reader
    }
    throw invalidArgument("'snapshot' must be a snapshot of this database", 'snapshot')
  }

  /**
   * The core to read with. Its tree is the one that the snapshot sees, which a refresh may have
   * replaced.
   */
  private coreFor({ snapshot }: ReadOptions): ReadCore {
    const { readCore } = this
    if (snapshot === undefined) return readCore
    const { trees } = this.readerOf(snapshot).readCore.current
    if (trees === readCore.current.trees) return readCore
    // The snapshot sees no entry of a keyspace that is younger.
    const tree = trees.get(readCore.keyspace)
    return tree === undefined ? readCore : { ...readCore, current: { tree, trees } }
  }

  private findNow(key: K, options: ReadOptions | undefined): PointLookup {
    const lookup = this.find(key, true, options)
    if (lookup.state === LookupState.blocked) {
      throw asyncOnlyError(lookup.missing!.path, 'use get or has instead of getSync or hasSync')
    }
    return lookup
  }

  private find(key: K, mayRead: boolean, options: ReadOptions | undefined): PointLookup {
    const { readCore, keySink, lookup } = this
    if (options !== undefined) checkReadOptions(options)
    const visibleSequence =
      options === undefined ? this.visibleSequence() : this.sequenceFor(options)
    keySink.length = 0
    try {
      readCore.keyEncoding.write(key, keySink)
      requireKeyLength(keySink.length)
    } catch (error) {
      throw keyError(error, key, readCore.keyEncoding)
    }
    readCore.counts.gets++
    lookup.start(keySink.buffer, keySink.length, visibleSequence, mayRead)
    const { current } = options === undefined ? readCore : this.coreFor(options)
    current.tree.get(lookup)
    return lookup
  }

  private valueOf(lookup: PointLookup): V | undefined {
    if (!lookup.hasValue) return undefined
    const { valueBytes, valueStart, valueEnd } = lookup
    const { keyEncoding, valueEncoding } = this.readCore
    try {
      return valueEncoding.read(valueBytes, valueStart, valueEnd) as V
    } catch (error) {
      const { key, keyLength } = lookup
      throw unreadableValue(error, valueEncoding, keyEncoding, key, 0, keyLength)
    }
  }

  /** Sets `values[index]`. */
  private fillCold(
    values: (V | undefined)[],
    index: number,
    lookup: PointLookup,
    options?: ReadOptions,
  ): Promise<void> {
    const reading = this.getCold(lookup, options).then(
      (value) => void (values[index] = value),
      (error: unknown) => {
        throw atIndex(error, 'keys', index)
      },
    )
    // A later key may throw before this promise is awaited.
    reading.catch(() => {})
    return reading
  }

  private getCold(lookup: PointLookup, options?: ReadOptions): Promise<V | undefined> {
    return this.resolveCold(lookup, (found) => this.valueOf(found), options)
  }

  /** Continues a lookup that needs a block that is not in memory. */
  private resolveCold<T>(
    blocked: PointLookup,
    take: (found: PointLookup) => T,
    options: ReadOptions = {},
  ): Promise<T> {
    const { current, coldReads, turns } = this.coreFor(options)
    const { tree } = current
    const { key, keyLength, visibleSequence } = blocked
    if (coldReads.wayTo(blocked.missing!) === 'block') {
      blocked.start(key, keyLength, visibleSequence, true)
      coldReads.timed(() => tree.get(blocked))
      if (blocked.state !== LookupState.blocked) {
        const result = take(blocked)
        return turns.isDue() ? turns.later(result) : Promise.resolve(result)
      }
    }
    // Other reads will reuse the reader's scratch memory, so this one gets its own lookup and key.
    const lookup = new PointLookup(this.readCore.clock)
    lookup.start(Buffer.from(key.subarray(0, keyLength)), keyLength, visibleSequence, false)
    lookup.block(blocked.missing!)
    const { loads } = this.readCore
    const loading = waitFor(lookup, tree, tree.state.retain(), take)
    loads.add(loading)
    return loading.finally(() => loads.delete(loading))
  }
}

/**
 * The most blocks that one read awaits before it reads the rest synchronously. If the cache were
 * too small for all of them, loading one would evict another, and the read would never end. Pieces
 * that cannot be read synchronously are held instead.
 */
const maxAwaitedBlocks = 8

/**
 * Loads missing pieces one after another until the lookup has its result. Takes the result in the
 * same turn, because later another read may evict the block that holds it.
 */
async function waitFor<T>(
  lookup: PointLookup,
  tree: ReadableTree,
  state: ReadState,
  take: (found: PointLookup) => T,
): Promise<T> {
  let holds: Hold[] | undefined
  try {
    let awaited = 0
    while (lookup.state === LookupState.blocked) {
      const hold = await lookup.missing!.load()
      if (hold === undefined) awaited++
      else if (holds === undefined) holds = [hold]
      else holds.push(hold)
      const mayRead = awaited >= maxAwaitedBlocks
      lookup.start(lookup.key, lookup.keyLength, lookup.visibleSequence, mayRead)
      tree.get(lookup, state)
    }
    return take(lookup)
  } finally {
    if (holds !== undefined) for (const hold of holds) hold.release()
    state.release()
  }
}
