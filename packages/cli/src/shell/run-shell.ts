import { isUtf8 } from 'node:buffer'
import { UsageError } from '../exit-code.js'
import type { BinaryDatabase } from '../database/binary-database.js'
import type { Io } from '../io.js'
import { readLineBytes } from '../terminal/lines.js'
import { Output } from '../terminal/output.js'
import { runWords } from './command-table.js'
import { failureText } from './failure-text.js'
import { Prompt } from './prompt.js'
import { ShellSession } from './session.js'
import { Statement } from './statement.js'

export interface ShellOptions {
  /** Default: those of the process. If input and output are terminals, the shell shows a prompt. */
  io?: Io
  /** Format of values at the start. Default 'utf8'. */
  format?: ShellSession['format']
  /** The keyspace to begin in. Default: the default one. */
  keyspace?: string | undefined
}

/**
 * Runs the shell on `db` until its input ends or `exit`; resolves to the number of commands that
 * failed, and never rejects because of one. The database stays open.
 */
export async function runShell(db: BinaryDatabase, options: ShellOptions = {}): Promise<number> {
  const io = options.io ?? process
  const interactive = io.stdin.isTTY === true && io.stdout.isTTY === true
  const session = new ShellSession(
    db,
    new Output(io.stdout),
    interactive,
    interactive ? undefined : io.stderr,
  )
  session.format = options.format ?? 'utf8'
  try {
    if (options.keyspace !== undefined) await session.useKeyspace(options.keyspace)
    return interactive ? await new Prompt(session, io).run() : await runScript(session, io)
  } finally {
    session.close()
  }
}

/** Refuses bytes that text would replace; the command that they belong to is dropped. */
function scriptText(line: Buffer, lineNumber: number, statement: Statement): string {
  if (isUtf8(line)) return line.toString('utf8')
  const which = statement.isOpen ? `line ${lineNumber}` : 'the line'
  statement.drop()
  throw new UsageError(`${which} is not valid UTF-8; write other bytes as in "\\xff"`)
}

/**
 * Runs input that no one types: no prompt; failures go to standard error, with the line on which
 * the input began.
 */
async function runScript(session: ShellSession, { stdin, stderr }: Io): Promise<number> {
  const statement = new Statement()
  let failures = 0
  let lineNumber = 0
  let firstLine = 1
  const attempt = async (run: () => Promise<void> | void): Promise<void> => {
    try {
      await run()
      await session.output.flush()
    } catch (error) {
      await session.output.flush()
      if (session.output.closed) return
      failures++
      stderr.write(`line ${firstLine}: ${failureText(error)}\n`)
    }
  }
  for await (const line of readLineBytes(stdin)) {
    lineNumber++
    if (!statement.isOpen) firstLine = lineNumber
    await attempt(async () => {
      const words = statement.add(scriptText(line, lineNumber, statement))
      if (words !== undefined) await runWords(session, words)
    })
    if (session.leaving || session.output.closed) return failures
  }
  await attempt(() => statement.end())
  return failures
}
