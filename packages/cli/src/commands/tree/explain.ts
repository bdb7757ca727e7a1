import type { Command } from 'commander'
import { UsageError } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import { renderExplanation } from '../../render/explanation.js'
import { formatLine, parseBytes } from '../../text/encoding.js'

export function addExplainCommand(program: Command, io: Io): void {
  program
    .command('explain')
    .description('show where a read looks: memtables, filters, index entries, blocks')
    .argument('<key...>', "the key; 'explain get KEY' also works, as in the shell")
    .addHelpText('after', examples(['varve explain user:17', 'every step of the read']))
    .action(async (words: string[], _options: unknown, command: Command) => {
      const invocation = new Invocation(command, io)
      const { keyEncoding } = invocation.flags
      const key = parseBytes(keyOf(words), keyEncoding, 'the key')
      const explanation = await invocation.withStore(lookOnly, (db) =>
        Promise.resolve(db.explain(key)),
      )
      const keyText = (bytes: Uint8Array): string => formatLine(bytes, keyEncoding, 'a key')
      const record = {
        ...explanation,
        key: keyText(explanation.key),
        steps: explanation.steps.map(({ indexEntry, ...step }) => ({
          ...step,
          ...(indexEntry && {
            indexEntry: { ...indexEntry, separator: keyText(indexEntry.separator) },
          }),
        })),
      }
      await invocation.answer(record, () => renderExplanation(explanation))
    })
}

function keyOf(words: readonly string[]): string {
  if (words.length === 1) return words[0]
  if (words.length === 2 && words[0] === 'get') return words[1]
  throw new UsageError('explain takes one key; quote a key with blanks')
}
