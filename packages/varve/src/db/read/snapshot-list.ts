/**
 * The sequences of the open snapshots, ascending. Compaction keeps what they see.
 *
 * Owned by: the database.
 */
export class SnapshotList {
  private readonly held: number[] = []

  /** `onRelease` is called with a sequence when its last snapshot closes. */
  constructor(private readonly onRelease: (sequence: number) => void) {}

  get count(): number {
    return this.held.length
  }

  /** Requires: `sequence` is not below any open snapshot; the visible sequence never decreases. */
  add(sequence: number): void {
    this.held.push(sequence)
  }

  remove(sequence: number): void {
    this.held.splice(this.held.lastIndexOf(sequence), 1)
    if (!this.held.includes(sequence)) this.onRelease(sequence)
  }

  /** The sequences without duplicates. */
  sequences(): number[] {
    return [...new Set(this.held)]
  }
}
