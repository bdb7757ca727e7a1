import { setImmediate } from 'node:timers/promises'
import type { BatchOperation, Database } from 'varve'

export interface CacheOptions {
  /** Beyond so many items, those go first that would expire first. */
  maxItems: number
  /** The time in milliseconds; for tests. */
  now?: () => number
}

/** Items that `sweep` removes between two turns of the event loop. */
const itemsPerSweep = 500

/**
 * Values that are kept for a while, on disk, so that a process starts warm.
 *
 *     item/<key>           { value, untilMs }
 *     until/<time>/<key>   the items by the time at which they expire
 *     count                how many items there are
 *
 * The three change in the same batch, so each item has exactly one `until/` key and the count is exact,
 * however the process ended. `get` never gives what has expired; `sweep` gives its space back.
 */
export class Cache<V> {
  private readonly now: () => number
  private readonly loading = new Map<string, Promise<V>>()
  private count: number

  constructor(
    private readonly db: Database<string, unknown>,
    private readonly options: CacheOptions,
  ) {
    this.now = options.now ?? Date.now
    this.count = (db.getSync('count') ?? 0) as number
  }

  get size(): number {
    return this.count
  }

  get(key: string): V | undefined {
    const item = this.item(key)
    return item !== undefined && item.untilMs > this.now() ? item.value : undefined
  }

  set(key: string, value: V, ttlMs: number): void {
    const untilMs = this.now() + ttlMs
    const old = this.item(key)
    const operations: BatchOperation<string, unknown>[] = []
    if (old !== undefined) operations.push({ type: 'del', key: untilKey(old.untilMs, key) })
    operations.push(
      { type: 'put', key: `item/${key}`, value: { value, untilMs } },
      { type: 'put', key: untilKey(untilMs, key), value: null },
    )
    this.change(operations, old === undefined ? 1 : 0)
    if (this.count > this.options.maxItems) this.evict(this.count - this.options.maxItems)
  }

  delete(key: string): void {
    const old = this.item(key)
    if (old !== undefined) this.remove([untilKey(old.untilMs, key)])
  }

  /** The value in the cache, or the one that `load` gets, once for all who ask meanwhile. */
  async getOrLoad(key: string, ttlMs: number, load: () => Promise<V>): Promise<V> {
    const cached = this.get(key)
    if (cached !== undefined) return cached
    let loading = this.loading.get(key)
    if (loading === undefined) {
      loading = load()
        .then((value) => {
          this.set(key, value, ttlMs)
          return value
        })
        .finally(() => this.loading.delete(key))
      this.loading.set(key, loading)
    }
    return loading
  }

  /** Removes what has expired. Call it now and then. */
  async sweep(): Promise<void> {
    const end = untilKey(this.now() + 1, '')
    for (;;) {
      const expired = [...this.db.keys({ gte: 'until/', lt: end, limit: itemsPerSweep })]
      if (expired.length === 0) return
      this.remove(expired)
      await setImmediate()
    }
  }

  private item(key: string): { value: V; untilMs: number } | undefined {
    return this.db.getSync(`item/${key}`) as { value: V; untilMs: number } | undefined
  }

  private evict(count: number): void {
    this.remove([...this.db.keys({ prefix: 'until/', limit: count })])
  }

  private remove(untilKeys: readonly string[]): void {
    const operations = untilKeys.flatMap((until): BatchOperation<string, unknown>[] => [
      { type: 'del', key: until },
      { type: 'del', key: `item/${until.slice(untilKey(0, '').length)}` },
    ])
    this.change(operations, -untilKeys.length)
  }

  private change(operations: BatchOperation<string, unknown>[], countChange: number): void {
    const count = this.count + countChange
    this.db.batchSync([...operations, { type: 'put', key: 'count', value: count }])
    this.count = count
  }
}

function untilKey(timeMs: number, key: string): string {
  return `until/${String(timeMs).padStart(16, '0')}/${key}`
}
