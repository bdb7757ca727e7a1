import type { BinaryDatabase } from '../invocation.js'
import type { Io } from '../io.js'
import { readLines } from '../lines.js'
import { Output } from '../output.js'
import { runLine } from './command-table.js'
import { failureText } from './failure-text.js'
import { Prompt } from './prompt.js'
import { ShellSession } from './session.js'

export interface ShellOptions {
  /** Default those of the process. When input and output are terminals, there is a prompt. */
  io?: Io
  /** Format of values at the start. Default 'utf8'. */
  format?: ShellSession['format']
}

/**
 * Runs the shell on `db` until its input ends or `exit`; resolves to the number of commands that
 * failed, and never rejects because of one. The database stays open.
 */
export async function runShell(db: BinaryDatabase, options: ShellOptions = {}): Promise<number> {
  const io = options.io ?? process
  const interactive = io.stdin.isTTY === true && io.stdout.isTTY === true
  const session = new ShellSession(db, new Output(io.stdout), interactive)
  session.format = options.format ?? 'utf8'
  try {
    return interactive ? await new Prompt(session, io).run() : await runScript(session, io)
  } finally {
    session.close()
  }
}

/** Runs lines that no one types: no prompt, failures on standard error with their line. */
async function runScript(session: ShellSession, { stdin, stderr }: Io): Promise<number> {
  let failures = 0
  let lineNumber = 0
  for await (const line of readLines(stdin)) {
    lineNumber++
    try {
      await runLine(session, line)
      await session.output.flush()
    } catch (error) {
      await session.output.flush()
      if (session.output.closed) break
      failures++
      stderr.write(`line ${lineNumber}: ${failureText(error)}\n`)
    }
    if (session.leaving || session.output.closed) break
  }
  return failures
}
