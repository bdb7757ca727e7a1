import type { Command } from 'commander'
import { KeyNotFoundError } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import { pairAsJson } from '../../rows/row-writer.js'
import { formatLine, parseBytes } from '../../text/encoding.js'
import { printableJson } from '../../text/printable.js'

export function addGetCommand(program: Command, io: Io): void {
  program
    .command('get')
    .description('print the value of a key; exit code 3 if there is no such key')
    .argument('<key>', 'the key to look up')
    .addHelpText(
      'after',
      examples(
        ['varve get greeting', 'print the value'],
        ['varve get photo --encoding hex', 'its bytes as hexadecimal digits'],
        ['varve get user/1 --encoding json --json', 'key and value as JSON'],
      ),
    )
    .action(async (keyText: string, _options: unknown, command: Command) => {
      const invocation = new Invocation(command, io)
      const { json, encoding, keyEncoding } = invocation.flags
      const key = parseBytes(keyText, keyEncoding, 'the key')
      const value = await invocation.withStore(lookOnly, (db) => db.get(key))
      if (value === undefined) throw new KeyNotFoundError(`key '${keyText}' is not there`)
      const { output } = invocation
      if (json) await output.line(printableJson(pairAsJson(key, value, keyEncoding, encoding)))
      // In a pipe or a file the bytes go out as they are; a terminal gets them escaped.
      else if (encoding === 'utf8' && !output.isTerminal)
        await output.bytes(Buffer.concat([value, Buffer.from('\n')]))
      else await output.line(formatLine(value, encoding, `the value of '${keyText}'`))
      await output.flush()
    })
}
