import { UsageError } from '../exit-code.js'
import type { ShellCommand } from './command.js'
import { exitCommand, helpCommand, setCommand } from './commands/about.js'
import { countCommand, explainCommand, getCommand, scanCommand } from './commands/read.js'
import { keyspaceCommand } from './commands/keyspace.js'
import { snapshotCommand } from './commands/snapshot.js'
import { beginCommand, commitCommand, rollbackCommand } from './commands/transaction.js'
import { compactCommand, flushCommand, levelsCommand, statsCommand } from './commands/tree.js'
import { batchCommand, clearCommand, delCommand, putCommand } from './commands/write.js'
import { hintFor } from './hints.js'
import type { ShellSession } from './session.js'
import { separator, type Word } from './word.js'

/** Every command of the shell, in the order in which `help` lists them. */
export const shellCommands: ReadonlyMap<string, ShellCommand> = createTable()

/** Other names of commands, which `help` does not list. */
const aliases: Readonly<Record<string, string>> = {
  quit: 'exit',
  '.exit': 'exit',
  '.quit': 'exit',
  '\\q': 'exit',
  ':q': 'exit',
  '.help': 'help',
  '\\h': 'help',
  '\\?': 'help',
  '?': 'help',
}

/** The command called `name`, in whatever case. */
export function commandNamed(name: string): ShellCommand | undefined {
  const lowered = name.toLowerCase()
  return shellCommands.get(aliases[lowered] ?? lowered)
}

/**
 * Runs the commands of one input in order, up to the first that fails. Names are looked up before
 * any command runs, so a mistyped one leaves nothing half done.
 */
export async function runWords(session: ShellSession, words: readonly Word[]): Promise<void> {
  const calls = splitCommands(words).map(([name, ...rest]) => ({
    command: requireCommand(name, rest),
    rest,
  }))
  for (const { command, rest } of calls) {
    if (session.leaving || session.cancelled) return
    await command.run(session, rest)
  }
}

/**
 * The words of each command. A batch has separators of its own, so it takes the rest of the line.
 */
export function splitCommands(words: readonly Word[]): Word[][] {
  const commands: Word[][] = []
  let current: Word[] = []
  for (const word of words) {
    const inBatch = current.length > 0 && commandNamed(current[0].text) === batchCommand
    if (word !== separator || inBatch) current.push(word)
    else if (current.length > 0) {
      commands.push(current)
      current = []
    }
  }
  if (current.length > 0) commands.push(current)
  return commands
}

/** The command called `name`. Throws a UsageError that helps when there is none. */
export function requireCommand(name: Word, rest: readonly Word[]): ShellCommand {
  const command = commandNamed(name.text)
  if (command !== undefined) return command
  const hint = hintFor(name.text, rest) ?? "'help' lists the commands"
  throw new UsageError(`unknown command '${name.text}'; ${hint}`)
}

function createTable(): Map<string, ShellCommand> {
  const commands = [
    putCommand,
    getCommand,
    delCommand,
    scanCommand,
    countCommand,
    batchCommand,
    clearCommand,
    beginCommand,
    commitCommand,
    rollbackCommand,
    snapshotCommand,
    keyspaceCommand,
    levelsCommand,
    statsCommand,
    flushCommand,
    compactCommand,
    explainCommand,
    setCommand,
  ]
  const table = new Map(commands.map((command) => [command.name, command]))
  table.set('help', helpCommand(table))
  table.set('exit', exitCommand)
  return table
}
