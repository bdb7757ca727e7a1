import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const maxHistoryLines = 1000

/** `$VARVE_HISTORY`, or `.varve_history` in the home directory. */
export function historyPath(): string {
  return process.env['VARVE_HISTORY'] ?? join(homedir(), '.varve_history')
}

/**
 * The lines typed in earlier shells, kept in a file that only its owner reads, since values may be
 * secrets. A history that cannot be read or written is no reason to fail: the shell does without.
 */
export class History {
  /** Newest first, as node:readline wants them. */
  readonly lines: string[]
  #lastLine: string | undefined
  #writable = true

  constructor(private readonly path: string) {
    const all = readLinesOf(path)
    const kept = all.slice(-maxHistoryLines)
    // Rewritten rarely, at twice the size, so that most starts only read.
    if (all.length > 2 * maxHistoryLines) {
      this.#attempt(() => writeFileSync(path, kept.join('\n') + '\n', { mode: 0o600 }))
    }
    this.#lastLine = kept.at(-1)
    this.lines = kept.reverse()
  }

  /** Appended at once, so that a shell that is killed has lost nothing. */
  add(line: string): void {
    if (line.trim() === '' || line === this.#lastLine) return
    this.#lastLine = line
    this.#attempt(() => appendFileSync(this.path, line + '\n', { mode: 0o600 }))
  }

  #attempt(write: () => void): void {
    if (!this.#writable) return
    try {
      write()
    } catch {
      // Once is enough to know; see the class comment.
      this.#writable = false
    }
  }
}

function readLinesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return [] // No history yet, or none that we may read.
  }
}
