import type { ShellSession } from './session.js'
import type { Word } from './word.js'

/** One command of the shell. Commands hold no state; what lasts is in the session. */
export interface ShellCommand {
  readonly name: string
  /** Arguments, as `help` shows them. */
  readonly usage: string
  readonly summary: string
  /**
   * Completions of the argument after `words` that starts with `typed`: keys, names of keyspaces,
   * or one of these.
   */
  complete?(words: readonly Word[], typed: string): 'keys' | 'keyspaces' | readonly string[]
  run(session: ShellSession, words: readonly Word[]): Promise<void>
}
