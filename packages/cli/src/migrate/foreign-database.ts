/** An entry as another engine keeps it: bytes, before any encoding. */
export type ForeignEntry = readonly [key: Uint8Array, value: Uint8Array]

/**
 * A database of another engine, open to be read.
 *
 * Owned by: the import that opened it. Lives: until `close`.
 */
export interface ForeignDatabase {
  /** Where it lies, symbolic links resolved. */
  readonly path: string
  /** How many entries there are, where the engine knows. */
  readonly recordCount: number | undefined
  /** Named databases met on the way, which are not part of this one. */
  readonly leftOut?: ReadonlySet<string>
  /**
   * The entries with a key > `after` (without: all), in the order of their bytes, in lists of
   * bounded size. The bytes stay as they are.
   */
  entries(after: Uint8Array | undefined): AsyncIterable<readonly ForeignEntry[]>
  close(): Promise<void>
}

/** Bounds of one list, which is held in memory. */
export const maxListCount = 1000
export const maxListBytes = 1024 * 1024
