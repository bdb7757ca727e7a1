import type { Command } from 'commander'
import { exitCode, ExitRequest, UsageError } from '../exit-code.js'
import { examples } from '../examples.js'
import { Invocation } from '../invocation.js'
import type { Io } from '../io.js'
import { addCreateFlag } from '../database/new-database.js'
import { runShell } from '../shell/run-shell.js'

export function addShellCommand(program: Command, io: Io): void {
  const command = program
    .command('shell')
    .description(
      'open an interactive shell; piped input runs as a script (exit code 1 if a command fails)',
    )
    .addHelpText(
      'after',
      examples(
        ['varve shell', "type 'help' to see the commands"],
        ['varve shell --keyspace users', 'begin in a keyspace'],
        ["echo 'put a 1' | varve shell", 'run a script'],
      ),
    )
  addCreateFlag(command).action(async (_options: unknown, command: Command) => {
    const invocation = new Invocation(command, io)
    const { json, keyEncoding, encoding, keyspace } = invocation.flags
    if (json) throw new UsageError("the shell has no --json; 'set format json' shows JSON values")
    if (keyEncoding !== 'utf8') throw new UsageError('the shell takes keys as text')
    const failures = await invocation.withStore({ keepsShape: true }, (_store, db) =>
      runShell(db, { io, format: encoding, keyspace }),
    )
    // A person has seen the failures and left on purpose.
    if (failures > 0 && io.stdin.isTTY !== true) throw new ExitRequest(exitCode.failed)
  })
}
