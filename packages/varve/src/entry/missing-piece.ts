/** A table or block that a read needs and that is not in memory. */
export interface MissingPiece {
  /** The file, for errors. */
  readonly path: string
  /** True: it cannot be read synchronously. */
  readonly isAsyncOnly: boolean
  /**
   * Brings it into memory, so that the read gets past it when it starts again. A piece that is
   * async-only stays there until the hold is released. Others may be evicted earlier.
   */
  load(): Promise<Hold | undefined>
}

/** Keeps a loaded piece in memory. */
export interface Hold {
  /** Call once. */
  release(): void
}
