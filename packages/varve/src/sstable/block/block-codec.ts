/**
 * The encoding of block payloads on disk. Ids are written to files: 0–63 belong to the engine,
 * 64–255 to its users. An id never changes its meaning.
 */
export interface BlockCodec {
  readonly id: number
  readonly name: string
  /** The compressed bytes, valid until the next call. May return `bytes` if they do not shrink. */
  compress(bytes: Buffer): Buffer
  /**
   * The original bytes, in memory not used elsewhere; `allocate` may provide it. Throws when
   * `bytes` are not valid output of `compress`, or would decompress to more than `maxBytes`.
   */
  decompress(bytes: Buffer, maxBytes: number, allocate: Allocate): Buffer
}

/** Returns `lengthBytes` of memory with any content. */
export type Allocate = (lengthBytes: number) => Buffer

/** Codecs by level, for `codec`; a missing one has its default. */
export interface CodecsByLevel {
  /** Of the tables that flushes write; under the policy `'fifo'`, of all tables. */
  level0?: string
  /** Of the levels from 1 on, except the last one. */
  upper?: string
  /** Of the last level, which holds nearly all data. */
  last?: string
  /** Of the last level when `compact()` writes it. Default: that of `last`, if given. */
  compact?: string
}

/** A block compression that you provide. */
export interface UserBlockCodec extends BlockCodec {
  /**
   * Specifier of a module whose export `codec` is this codec. The background thread imports it,
   * because functions cannot cross threads. Required unless `background` is `'inline'`.
   */
  readonly module?: string
}
