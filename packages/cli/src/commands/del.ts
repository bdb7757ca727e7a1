import type { Command } from 'commander'
import { Invocation, shortWrite } from '../invocation.js'
import type { Io } from '../io.js'
import { parseBytes } from '../text/encoding.js'

export function addDelCommand(program: Command, io: Io): void {
  program
    .command('del')
    .description('delete keys, in one batch; deleting an absent key is no error')
    .argument('<keys...>')
    .option('--sync', 'return when the deletes would survive power loss')
    .action(async (keys: string[], options: { sync?: boolean }, command: Command) => {
      const invocation = new Invocation(command, io)
      const { keyEncoding, json } = invocation.flags
      const operations = keys.map((text) => ({
        type: 'del' as const,
        key: parseBytes(text, keyEncoding, 'the key'),
      }))
      await invocation.withDatabase({ ...shortWrite, createIfMissing: false }, (db) =>
        db.batch(operations, { sync: options.sync === true }),
      )
      if (json) await invocation.answer({ ok: true }, () => '')
    })
}
