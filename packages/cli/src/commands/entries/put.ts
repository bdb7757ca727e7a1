import type { Command } from 'commander'
import { UsageError } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation, shortWrite } from '../../invocation.js'
import type { Io } from '../../io.js'
import { addCreateFlag } from '../../database/new-database.js'
import { parseCount } from '../../range-flags.js'
import { isStandardStream } from '../../rows/row.js'
import { parseBytes, parseValue, type TextEncoding } from '../../text/encoding.js'

export function addPutCommand(program: Command, io: Io): void {
  const command = program
    .command('put')
    .description('store a value under a key, replacing the old value')
    .argument('<key>', 'the key to write')
    .argument('[value]', "the value; if omitted or '-', standard input is read to its end")
    .option('--sync', 'return only when the write survives a power failure')
    .option('--ttl <ms>', 'let the value expire after this many milliseconds', parseCount(1))
    .addHelpText(
      'after',
      examples(
        ["varve put greeting 'hello world'", 'store a text'],
        ['varve put photo < photo.jpg', 'store a file'],
        ['varve put session/7 on --ttl 60000', 'expires in a minute'],
      ),
    )
  addCreateFlag(command).action(
    async (
      keyText: string,
      valueText: string | undefined,
      options: { sync?: boolean; ttl?: number },
      command: Command,
    ) => {
      const invocation = new Invocation(command, io)
      const { encoding, keyEncoding } = invocation.flags
      const key = parseBytes(keyText, keyEncoding, 'the key')
      const value = isStandardStream(valueText)
        ? await readValue(io.stdin, encoding)
        : parseBytes(valueText, encoding, 'the value')
      await invocation.withStore(shortWrite, (db) =>
        db.put(key, value, {
          sync: options.sync === true,
          ...(options.ttl === undefined ? {} : { ttlMs: options.ttl }),
        }),
      )
      if (invocation.flags.json) await invocation.answer({ ok: true }, () => '')
    },
  )
}

/** Under 'utf8' the bytes are stored as they come; otherwise they are text to be parsed. */
async function readValue(stdin: Io['stdin'], encoding: TextEncoding): Promise<Uint8Array> {
  if (stdin.isTTY === true) throw new UsageError('give a value, or pipe one into standard input')
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  return parseValue(bytes, encoding, 'standard input')
}
