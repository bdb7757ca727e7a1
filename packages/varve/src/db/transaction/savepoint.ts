/**
 * A state of the writes of a transaction, to which they can be taken back. It is gone when they are
 * taken back to an earlier one.
 */
export class Savepoint {
  /** Created by `tx.savepoint()`. */
  constructor(private readonly undo: (savepoint: Savepoint) => void) {}

  /**
   * Undoes all writes since the savepoint. Reads since then still count for conflicts.
   *
   * @throws INVALID_ARGUMENT if the savepoint is gone; CLOSED after the end of the transaction
   */
  rollback(): void {
    this.undo(this)
  }
}
