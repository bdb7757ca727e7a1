import { createInterface, type Interface } from 'node:readline'
import { colors } from '../text/colors.js'
import { failureText } from './failure-text.js'
import { runWords } from './command-table.js'
import type { Io } from '../io.js'
import { printableText } from '../text/printable.js'
import { completeLine } from './completion.js'
import { History, historyPath, maxHistoryLines } from './history.js'
import type { ShellSession } from './session.js'
import { Statement } from './statement.js'

/**
 * The shell on a terminal. Owned by `runShell`, lives as long as it; one command runs at a time,
 * and lines typed meanwhile wait.
 *
 * The terminal stays in raw mode while a command runs: there Ctrl-C is a key, not a signal, and can
 * cancel the command instead of the process.
 */
export class Prompt {
  readonly #history = new History(historyPath())
  readonly #readline: Interface
  readonly #waitingLines: string[] = []
  readonly #statement = new Statement()
  /** What the arrow keys bring back, newest first; readline's own list. */
  #shownHistory: string[] = []
  /** Set while a command runs. */
  #running: AbortController | undefined
  #failures = 0

  constructor(
    private readonly session: ShellSession,
    io: Io,
  ) {
    this.#readline = createInterface({
      input: io.stdin,
      output: io.stdout,
      terminal: true,
      history: this.#history.lines,
      historySize: maxHistoryLines,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void this.#complete(line).then((result) => done(null, result))
      },
    })
  }

  /** Resolves to the number of failed commands when the person has left. */
  async run(): Promise<number> {
    const left = new Promise<void>((resolve) => this.#readline.once('close', resolve))
    this.#readline.on('line', (line) => this.#onLine(line))
    this.#readline.on('history', (history) => (this.#shownHistory = history))
    this.#readline.on('SIGINT', () => this.#onInterrupt())
    void this.session.output.bytes(
      colors.dim(`${this.session.db.path}: 'help' lists the commands, Tab completes\n`),
    )
    this.#showPrompt()
    await left
    this.#running?.abort()
    await this.#idle
    // Ctrl-D leaves the cursor after the prompt.
    if (!this.session.leaving) await this.session.output.bytes('\n')
    return this.#failures
  }

  /** Settles when no command runs. */
  #idle: Promise<void> = Promise.resolve()

  #onLine(line: string): void {
    this.#waitingLines.push(line)
    if (this.#running === undefined) this.#idle = this.#runWaiting()
  }

  async #runWaiting(): Promise<void> {
    for (let line = this.#waitingLines.shift(); line !== undefined;) {
      await this.#runOne(line)
      if (this.session.leaving) {
        this.#readline.close()
        return
      }
      line = this.#waitingLines.shift()
    }
    this.#showPrompt()
  }

  async #runOne(line: string): Promise<void> {
    this.#running = new AbortController()
    this.session.signal = this.#running.signal
    try {
      const words = this.#statement.add(line)
      this.#remember()
      if (words !== undefined) await runWords(this.session, words)
    } catch (error) {
      this.#failures++
      await this.session.print(colors.red(failureText(error)))
    } finally {
      this.#running = undefined
    }
    await this.session.output.flush()
  }

  /** Puts a whole input into the history; JSON over several lines as one line, to be edited. */
  #remember(): void {
    const { lines, isOpen, onOneLine } = this.#statement
    if (isOpen) return
    for (const line of onOneLine === undefined ? lines : [onOneLine]) this.#history.add(line)
    if (lines.length === 1 || onOneLine === undefined) return
    const shown = this.#shownHistory
    for (const line of lines.toReversed()) if (shown[0] === line) shown.shift()
    shown.unshift(onOneLine)
  }

  /** Ctrl-C: ends the command that runs, else drops the line, else says how to leave. */
  #onInterrupt(): void {
    const { output } = this.session
    if (this.#running !== undefined) {
      this.#waitingLines.length = 0
      this.#running.abort()
      return
    }
    const isEmpty = this.#readline.line === '' && !this.#statement.isOpen
    this.#statement.drop()
    const hint = isEmpty ? "^C (Ctrl-D or 'exit' leaves)" : '^C'
    void output.bytes(`${colors.dim(hint)}\n`)
    this.#setPrompt()
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.#showPrompt()
  }

  #showPrompt(): void {
    this.#setPrompt()
    this.#readline.prompt()
  }

  #setPrompt(): void {
    const { snapshotInUse, keyspaceName } = this.session
    const at = snapshotInUse === undefined ? '' : `@${snapshotInUse}`
    const within = keyspaceName === undefined ? '' : ` ${printableText(keyspaceName)}`
    const name = `varve${within}${at}`
    const text = this.#statement.isOpen ? '...'.padStart(name.length) : name
    this.#readline.setPrompt(`${colors.bold(`${text}>`)} `)
  }

  /** Keys are read while a command may run beside; whatever fails, Tab then offers nothing. */
  async #complete(line: string): Promise<[string[], string]> {
    // In JSON or a quoted text there is nothing to offer.
    if (this.#statement.isOpen) return [[], line]
    try {
      const { reader, db } = this.session
      return await completeLine(line, reader, () => db.keyspaces().map(({ name }) => name))
    } catch {
      // Half a word that does not parse, or a database that fails at the next command.
      return [[], line]
    }
  }
}
