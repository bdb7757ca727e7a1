export const policies = ['leveled', 'sizeTiered', 'lazyLeveled', 'adaptive']
export const modes = ['inline', 'thread']

/** Small memtables and tables, so that a short run sees hundreds of flushes, and levels enough. */
export const settings = {
  records: 100_000,
  valueBytes: 100,
  memtableBytes: 64 * 1024,
  tableBytes: 256 * 1024,
  /** The same for all policies, so that theory compares them. */
  sizeRatio: 4,
  warmUpOperations: 20_000,
  putsPerGet: 10,
  /** Point reads that measure read amplification at the end of the writes. */
  reads: 5000,
  seed: 20260801,
}

/** How operations come. */
export const paces = {
  /** Operations per second, whether the database is ready or not, as an application sees it. */
  rate: { ratePerSecond: 5000, operations: 100_000 },
  /** One after the other, as fast as they go: what the engine can do. */
  flatOut: { ratePerSecond: 0, operations: 300_000 },
}
