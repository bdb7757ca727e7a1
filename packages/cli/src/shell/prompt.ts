import { createInterface, type Interface } from 'node:readline'
import { colors } from '../text/colors.js'
import { failureText } from './failure-text.js'
import { runLine, shellCommands } from './command-table.js'
import type { Io } from '../io.js'
import { completeLine } from './completion.js'
import { History, historyPath, maxHistoryLines } from './history.js'
import type { ShellSession } from './session.js'

/**
 * The shell on a terminal. Owned by `runShell`, lives as long as it; one command runs at a time, and
 * lines typed meanwhile wait.
 *
 * The terminal stays in raw mode while a command runs: there Ctrl-C is a key, not a signal, and can
 * cancel the command instead of the process.
 */
export class Prompt {
  readonly #history = new History(historyPath())
  readonly #readline: Interface
  readonly #waitingLines: string[] = []
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
    this.#readline.on('SIGINT', () => this.#onInterrupt())
    void this.session.output.bytes(
      colors.dim(`${this.session.db.path}: 'help' lists the commands, Tab completes\n`),
    )
    this.#showPrompt()
    await left
    this.#running?.abort()
    await this.#idle
    // Ctrl-D leaves the cursor behind the prompt.
    if (!this.session.leaving) await this.session.output.bytes('\n')
    return this.#failures
  }

  /** Settles when no command runs. */
  #idle: Promise<void> = Promise.resolve()

  #onLine(line: string): void {
    this.#history.add(line)
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
      await runLine(this.session, line)
    } catch (error) {
      this.#failures++
      await this.session.print(colors.red(failureText(error)))
    } finally {
      this.#running = undefined
    }
    await this.session.output.flush()
  }

  /** Ctrl-C: ends the command that runs, else drops the line, else says how to leave. */
  #onInterrupt(): void {
    const { output } = this.session
    if (this.#running !== undefined) {
      this.#waitingLines.length = 0
      this.#running.abort()
      return
    }
    const hint = this.#readline.line === '' ? "^C (Ctrl-D or 'exit' leaves)" : '^C'
    void output.bytes(`${colors.dim(hint)}\n`)
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.#showPrompt()
  }

  #showPrompt(): void {
    const { snapshotInUse } = this.session
    const at = snapshotInUse === undefined ? '' : `@${snapshotInUse}`
    this.#readline.setPrompt(`${colors.bold(`varve${at}>`)} `)
    this.#readline.prompt()
  }

  /** Keys are read while a command may run beside; whatever fails, Tab then offers nothing. */
  async #complete(line: string): Promise<[string[], string]> {
    try {
      return await completeLine(line, shellCommands, this.session.reader)
    } catch {
      return [[], line] // Half a word that does not parse, or a database that reports at the next command.
    }
  }
}
