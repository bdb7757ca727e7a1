import { requireCommand } from './command-table.js'
import { Lexer } from './lexer.js'
import type { Word } from './word.js'

/**
 * Collects the lines of one input until no quote or bracket is open. Owned by the prompt or the
 * script reader; lives as long as it, and serves one input after the other.
 */
export class Statement {
  /** The lines so far. */
  lines: string[] = []
  #lexer = new Lexer()
  #brokeQuote = false

  get isOpen(): boolean {
    return this.#lexer.open !== undefined
  }

  /** The lines as one that means the same; undefined when a quote holds a line break. */
  get onOneLine(): string | undefined {
    if (this.lines.length === 1) return this.lines[0]
    return this.#brokeQuote ? undefined : this.lines.map((line) => line.trim()).join(' ')
  }

  /**
   * Adds a line. Returns the words of all lines once the input is whole, and then starts over.
   * Throws UsageError for a line that breaks the rules, and starts over.
   */
  add(line: string): Word[] | undefined {
    if (!this.isOpen) this.drop()
    this.lines.push(line)
    try {
      this.#lexer.feed(line)
    } catch (error) {
      const [name, ...rest] = this.#lexer.words
      this.#lexer = new Lexer()
      // That it is SQL says more than which of its quotes is in the wrong place.
      if (name !== undefined) requireCommand(name, rest)
      throw error
    }
    if (this.isOpen) {
      this.#brokeQuote ||= this.#lexer.open?.kind !== 'json'
      return undefined
    }
    const { words } = this.#lexer
    this.#lexer = new Lexer()
    return words
  }

  /** No line follows. Throws UsageError when something is open. */
  end(): void {
    this.#lexer.end()
  }

  drop(): void {
    this.lines = []
    this.#lexer = new Lexer()
    this.#brokeQuote = false
  }
}
