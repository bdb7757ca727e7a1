/** An encoder and decoder of LZ4 blocks. */
export interface Lz4 {
  /** Limit for both sides of a call. */
  readonly maxBytes: number
  /**
   * The compressed bytes after `headerBytes` for the caller to fill, valid until the next call;
   * undefined if they exceed `maxBytes`. `isStrong`: smaller and slower, if the implementation can
   * do that. Requires: headerBytes ≤ 8.
   */
  compress(
    bytes: Uint8Array,
    maxBytes: number,
    isStrong: boolean,
    headerBytes: number,
  ): Buffer | undefined
  /** False if `bytes` do not decode to exactly the length of `into`, which is then undefined. */
  decompress(bytes: Uint8Array, into: Uint8Array): boolean
}
