import type { Command } from 'commander'
import { describeDirectory } from 'varve/tools'
import { examples } from '../../examples.js'
import { UsageError } from '../../exit-code.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { renderDirectory } from '../../render/directory.js'
import { renderKeyspaceStats } from '../../render/keyspaces.js'
import { addWatchFlag, answerOrWatch, type Look, type WatchFlag } from '../../watch.js'

export function addStatsCommand(program: Command, io: Io): void {
  const command = program
    .command('stats')
    .description(
      'print figures of the database from its files; works while another process has it open',
    )
    .addHelpText(
      'after',
      examples(
        ['varve stats', 'owner, sequence, tables, logs'],
        ['varve stats --watch', 'redraw every second, with writes per second'],
        ['varve stats --keyspace users', 'figures of one keyspace'],
        ['varve stats --json', 'also the counters of this process'],
      ),
    )
  addWatchFlag(command).action(async (flags: WatchFlag, command: Command) => {
    const invocation = new Invocation(command, io)
    const { db: directory, keyspace } = invocation.flags
    const look = keyspace === undefined ? newLook(directory) : lookAtKeyspace(keyspace)
    await answerOrWatch(invocation, flags, look)
  })
}

function lookAtKeyspace(name: string): Look {
  return (_store, db) => {
    const keyspace = db.keyspaces().find((one) => one.name === name)
    if (keyspace === undefined) throw new UsageError(`the keyspace '${name}' was dropped`)
    const text = renderKeyspaceStats(name, keyspace)
    return Promise.resolve({ record: keyspace, text })
  }
}

/** Looks at the database; from the second time on, says how fast it has grown since the last. */
function newLook(directory: string): Look {
  let last: { sequence: number; timeMs: number } | undefined
  return async (_store, db) => {
    const { files, owner } = await describeDirectory(directory)
    const stats = db.stats()
    const now = { sequence: stats.sequence, timeMs: performance.now() }
    const writesPerSecond =
      last && ((now.sequence - last.sequence) * 1000) / (now.timeMs - last.timeMs)
    last = now
    return {
      record: { owner: owner ?? null, files, countersOf: { pid: process.pid }, ...stats },
      text: renderDirectory({ stats, files, owner, writesPerSecond }),
    }
  }
}
