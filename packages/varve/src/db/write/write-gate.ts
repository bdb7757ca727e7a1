import { VarveError } from '../../base/errors.js'

/**
 * Whether the database takes writes, and why not.
 *
 * Owned by: the Database that owns the directory. Lives: from open to close.
 *
 * Invariant: a gate that refuses writes never takes them again.
 */
export class WriteGate {
  private closed: VarveError | undefined
  private poison: VarveError | undefined

  constructor(private readonly path: string) {}

  /** Why a new write is refused; undefined when it is taken. */
  get refusal(): VarveError | undefined {
    return this.closed ?? this.poison
  }

  /** Why a submitted write cannot be committed any more; undefined when it can. */
  get poisoned(): VarveError | undefined {
    return this.poison
  }

  /** Refuses new writes from now on. Submitted ones are still committed. */
  close(reason: VarveError): void {
    this.closed = reason
  }

  /**
   * Refuses all writes from now on, because the durable state of the log or MANIFEST is unknown.
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
