/**
 * The steps that undo an `open` whose later part fails.
 *
 * Owned by: one attempt to open a directory.
 */
export class Undo {
  private readonly steps: (() => void)[] = []

  add(step: () => void): void {
    this.steps.push(step)
  }

  /**
   * Runs all steps, the last one first. Never throws: the error that made `open` fail says more.
   */
  run(): void {
    for (const step of this.steps.splice(0).reverse()) {
      try {
        step()
      } catch {
        // The other steps, above all the release of the lock, must still run.
      }
    }
  }
}
