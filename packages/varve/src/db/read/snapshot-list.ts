/**
 * The sequences at which snapshots are held, ascending. Compaction keeps what they see.
 *
 * Owned by: the database.
 */
export class SnapshotList {
  /** Set by who compacts: told of a sequence that no snapshot holds any more. */
  onRelease: (sequence: number) => void = () => {}
  private readonly held: number[] = []

  get count(): number {
    return this.held.length
  }

  /** Snapshots are taken at the visible sequence, which never goes back. */
  add(sequence: number): void {
    this.held.push(sequence)
  }

  remove(sequence: number): void {
    this.held.splice(this.held.lastIndexOf(sequence), 1)
    if (!this.held.includes(sequence)) this.onRelease(sequence)
  }

  /** Without repeats. */
  sequences(): number[] {
    return [...new Set(this.held)]
  }
}
