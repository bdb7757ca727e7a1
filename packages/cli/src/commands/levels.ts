import type { Command } from 'commander'
import { examples } from '../examples.js'
import { Invocation, lookOnly } from '../invocation.js'
import type { Io } from '../io.js'
import { renderLevels } from '../render/levels.js'
import { formatLine } from '../text/encoding.js'

export function addLevelsCommand(program: Command, io: Io): void {
  program
    .command('levels')
    .description('draw the levels of the tree')
    .option('--tables', 'also list the tables of every level')
    .addHelpText(
      'after',
      examples(
        ['varve levels', 'one line per level'],
        ['varve levels --tables', 'one line per table'],
      ),
    )
    .action(async (options: { tables?: boolean }, command: Command) => {
      const invocation = new Invocation(command, io)
      const levels = await invocation.withDatabase(lookOnly, (db) => Promise.resolve(db.levels()))
      const { keyEncoding } = invocation.flags
      const keyText = (key: Uint8Array) => formatLine(key, keyEncoding, 'a key')
      const record = levels.map((level) => ({
        ...level,
        tables: level.tables.map((table) => ({
          ...table,
          smallestKey: keyText(table.smallestKey),
          endKey: table.endKey === null ? null : keyText(table.endKey),
        })),
      }))
      await invocation.answer(record, () => renderLevels(levels, options))
    })
}
