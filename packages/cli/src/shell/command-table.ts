import { UsageError } from '../exit-code.js'
import type { ShellCommand } from './command.js'
import { exitCommand, helpCommand, setCommand } from './commands/about.js'
import { explainCommand, getCommand, scanCommand } from './commands/read.js'
import { snapshotCommand } from './commands/snapshot.js'
import { compactCommand, flushCommand, levelsCommand, statsCommand } from './commands/tree.js'
import { batchCommand, clearCommand, delCommand, putCommand } from './commands/write.js'
import type { ShellSession } from './session.js'
import { splitWords } from './words.js'

/** Every command of the shell, in the order in which `help` lists them. */
export const shellCommands: ReadonlyMap<string, ShellCommand> = createTable()

/** Runs one line; blank lines and `#` comments do nothing. */
export async function runLine(session: ShellSession, line: string): Promise<void> {
  if (line.trim() === '' || line.trimStart().startsWith('#')) return
  const [name, ...words] = splitWords(line)
  const command = shellCommands.get(name.text)
  if (command === undefined) {
    throw new UsageError(`there is no command '${name.text}'; 'help' lists those there are`)
  }
  await command.run(session, words)
}

function createTable(): Map<string, ShellCommand> {
  const commands = [
    putCommand,
    getCommand,
    delCommand,
    scanCommand,
    batchCommand,
    clearCommand,
    snapshotCommand,
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
