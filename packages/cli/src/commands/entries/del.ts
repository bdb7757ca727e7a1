import type { Command } from 'commander'
import { examples } from '../../examples.js'
import { Invocation, shortWrite } from '../../invocation.js'
import type { Io } from '../../io.js'
import { parseBytes } from '../../text/encoding.js'

export function addDelCommand(program: Command, io: Io): void {
  program
    .command('del')
    .description('delete keys in one batch; a key that does not exist is not an error')
    .argument('<keys...>', 'the keys to delete')
    .option('--sync', 'return only when the deletes survive a power failure')
    .addHelpText(
      'after',
      examples(
        ['varve del greeting', 'delete one key'],
        ['varve del user/1 user/2', 'delete both or neither'],
      ),
    )
    .action(async (keys: string[], options: { sync?: boolean }, command: Command) => {
      const invocation = new Invocation(command, io)
      const { keyEncoding, json } = invocation.flags
      const operations = keys.map((text) => ({
        type: 'del' as const,
        key: parseBytes(text, keyEncoding, 'the key'),
      }))
      await invocation.withStore({ ...shortWrite, createIfMissing: false }, (db) =>
        db.batch(operations, { sync: options.sync === true }),
      )
      if (json) await invocation.answer({ ok: true }, () => '')
    })
}
