import type { Database } from 'varve'

/**
 * Values that are kept for a while, on disk, so that a process starts warm. Expired values are
 * gone for every reader, and compaction gives its space back.
 */
export class Cache<V> {
  private readonly loading = new Map<string, Promise<V>>()

  constructor(private readonly db: Database<string, V>) {}

  get(key: string): V | undefined {
    return this.db.getSync(key)
  }

  set(key: string, value: V, ttlMs: number): void {
    this.db.putSync(key, value, { ttlMs })
  }

  delete(key: string): void {
    this.db.delSync(key)
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
}
