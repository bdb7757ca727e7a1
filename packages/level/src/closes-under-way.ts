import { VarveError } from 'varve'

/** A database of which `close` has been called. */
export interface ClosingLevel {
  /** The real path of the directory, while the engine has it open. */
  heldDirectory(): string | undefined
}

/**
 * Closes of this thread that have not ended. The engine knows a close only once it has begun there:
 * before that, Level waits for its iterators, and for an `open` under way.
 */
const underWay = new Map<Promise<void>, ClosingLevel>()

/** Returns `close`. */
export function recordClose(level: ClosingLevel, close: Promise<void>): Promise<void> {
  const forget = (): void => void underWay.delete(close)
  underWay.set(close, level)
  close.then(forget, forget)
  return close
}

/**
 * Runs `attempt`. When it fails with LOCKED on a directory that this thread is closing, waits for
 * the close to end and runs it again.
 */
export async function afterCloses<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const closes = closesOf(error)
      if (closes.length === 0) throw error
      // How a close ended is for its own caller.
      await Promise.allSettled(closes)
    }
  }
}

/**
 * A database that does not hold the directory is left out: its close may wait for this very
 * attempt.
 */
function closesOf(error: unknown): Promise<void>[] {
  if (!(error instanceof VarveError) || error.code !== 'LOCKED') return []
  return [...underWay].flatMap(([close, level]) =>
    level.heldDirectory() === error.path ? [close] : [],
  )
}
