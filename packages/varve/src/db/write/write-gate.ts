import { VarveError } from '../../base/errors.js'

/**
 * Whether the database accepts writes and, if not, why.
 *
 * Owned by: the Database that owns the directory. Lives: from open to close.
 *
 * Invariant: a gate that refuses writes never accepts them again.
 */
export class WriteGate {
  private closed: VarveError | undefined
  private poison: VarveError | undefined

  constructor(private readonly path: string) {}

  /** Why new writes are refused; undefined if they are accepted. */
  get refusal(): VarveError | undefined {
    return this.closed ?? this.poison
  }

  /** Why submitted writes can no longer be committed; undefined if they can. */
  get poisoned(): VarveError | undefined {
    return this.poison
  }

  /** From now on, refuses new writes. Submitted ones are still committed. */
  close(reason: VarveError): void {
    this.closed = reason
  }

  /**
   * From now on, refuses all writes, because the durable state of the log or MANIFEST is unknown.
   */
  poisonWith(cause: unknown): VarveError {
    this.poison ??= new VarveError(
      'POISONED',
      `${this.path} takes no more writes because a file could not be made durable ` +
        `(${cause instanceof Error ? cause.message : String(cause)}); reads still work; ` +
        `reopen the database to recover everything acknowledged`,
      { path: this.path, cause },
    )
    return this.poison
  }
}
