import type { Command } from 'commander'
import type { LevelInfo } from 'varve'
import { describeDirectory } from 'varve/tools'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { renderLevels } from '../../render/levels.js'
import { addWatchFlag, answerOrWatch, type WatchFlag } from '../../watch.js'
import { formatLine, type TextEncoding } from '../../text/encoding.js'

export function addLevelsCommand(program: Command, io: Io): void {
  const command = program
    .command('levels')
    .description('draw the levels of the tree')
    .option('--tables', 'also list the tables of every level')
    .addHelpText(
      'after',
      examples(
        ['varve levels', 'one line per level'],
        ['varve levels --tables', 'one line per table'],
        ['varve levels --keyspace users', 'those of one keyspace'],
        ['varve levels --watch 0.5', 'redraw twice a second'],
      ),
    )
  addWatchFlag(command).action(
    async (options: WatchFlag & { tables?: boolean }, command: Command) => {
      const invocation = new Invocation(command, io)
      const { db: directory, keyEncoding } = invocation.flags
      await answerOrWatch(invocation, options, async (store) => {
        const levels = store.levels()
        const { owner } = await describeDirectory(directory)
        return {
          record: recordOf(levels, keyEncoding),
          text: renderLevels(levels, { ...options, owner }),
        }
      })
    },
  )
}

function recordOf(levels: readonly LevelInfo[], keyEncoding: TextEncoding): unknown {
  const keyText = (key: Uint8Array): string => formatLine(key, keyEncoding, 'a key')
  return levels.map((level) => ({
    ...level,
    tables: level.tables.map((table) => ({
      ...table,
      smallestKey: keyText(table.smallestKey),
      endKey: table.endKey === null ? null : keyText(table.endKey),
    })),
  }))
}
