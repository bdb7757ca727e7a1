import type { Command } from 'commander'
import { examples } from '../../examples.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import { describeKeyspace } from '../../render/keyspaces.js'

export function addKeyspacesCommand(program: Command, io: Io): void {
  program
    .command('keyspaces')
    .description('list the keyspaces beside the default one, with their encodings and sizes')
    .addHelpText(
      'after',
      examples(
        ['varve keyspaces', 'their names, encodings and sizes'],
        ['varve scan --keyspace users', 'the entries of one'],
        ["echo 'keyspace create users' | varve shell", 'create one'],
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const invocation = new Invocation(command, io)
      const keyspaces = await invocation.withDatabase(lookOnly, (db) =>
        Promise.resolve(db.keyspaces()),
      )
      await invocation.answer({ keyspaces }, () =>
        keyspaces.length === 0
          ? 'no keyspaces beside the default one'
          : keyspaces.map(describeKeyspace).join('\n'),
      )
    })
}
