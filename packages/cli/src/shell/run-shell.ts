import type { Readable, Writable } from 'node:stream'
import type { BinaryDatabase } from '../invocation.js'
import { readLines } from '../lines.js'
import { Output } from '../output.js'
import { runLine } from './command-table.js'
import { failureText } from './failure-text.js'
import { Prompt } from './prompt.js'
import { ShellSession } from './session.js'

export interface ShellOptions {
  /** Lines come from here; default standard input. */
  input?: Readable & { isTTY?: boolean }
  /** Answers go here; default standard output. When both are terminals, there is a prompt. */
  output?: Writable & { isTTY?: boolean }
  /** Format of values at the start. Default 'utf8'. */
  format?: ShellSession['format']
}

/**
 * Runs the shell on `db` until its input ends or `exit`; resolves to the number of commands that
 * failed, and never rejects because of one. The database stays open.
 */
export async function runShell(db: BinaryDatabase, options: ShellOptions = {}): Promise<number> {
  const input = options.input ?? process.stdin
  const output = options.output ?? process.stdout
  const interactive = input.isTTY === true && output.isTTY === true
  const session = new ShellSession(db, new Output(output), interactive)
  session.format = options.format ?? 'utf8'
  try {
    return interactive
      ? await new Prompt(session, input, output).run()
      : await runScript(session, input)
  } finally {
    session.close()
  }
}

/** Runs lines that no one types: no prompt, failures on standard error with their line. */
async function runScript(session: ShellSession, input: Readable): Promise<number> {
  let failures = 0
  let lineNumber = 0
  for await (const line of readLines(input)) {
    lineNumber++
    try {
      await runLine(session, line)
      await session.output.flush()
    } catch (error) {
      await session.output.flush()
      if (session.output.closed) break
      failures++
      console.error(`line ${lineNumber}: ${failureText(error)}`)
    }
    if (session.leaving || session.output.closed) break
  }
  return failures
}
