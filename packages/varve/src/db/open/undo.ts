/**
 * The steps that undo an `open` if a later part of it fails.
 *
 * Owned by: one attempt to open a directory.
 */
export class Undo {
  private readonly steps: (() => void)[] = []

  add(step: () => void): void {
    this.steps.push(step)
  }

  /**
   * Runs all steps, the last one first. Never throws, so that the caller reports why `open` failed.
   */
  run(): void {
    for (const step of this.steps.splice(0).reverse()) {
      try {
        step()
      } catch {
        // The other steps must still run, above all the release of the lock.
      }
    }
  }
}
