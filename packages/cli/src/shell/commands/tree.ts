import { UsageError } from '../../exit-code.js'
import { renderKeyspaceStats } from '../../render/keyspaces.js'
import { renderLevels } from '../../render/levels.js'
import { renderStats } from '../../render/stats.js'
import type { ShellCommand } from '../command.js'
import { parseRange, rangeFlagNames } from '../flags.js'
import { CancelledError } from '../session.js'

export const levelsCommand: ShellCommand = {
  name: 'levels',
  usage: 'levels [--tables]',
  summary: 'draw the levels of the tree',
  complete: () => ['--tables'],
  async run(session, words) {
    const tables = words.length === 1 && words[0].text === '--tables'
    if (words.length > 0 && !tables) throw new UsageError('usage: levels [--tables]')
    await session.print(renderLevels(session.store.levels(), { tables }))
  },
}

export const statsCommand: ShellCommand = {
  name: 'stats',
  usage: 'stats',
  summary: 'figures of the database, or of the keyspace in use',
  async run(session) {
    const name = session.keyspaceName
    const keyspace = session.db.keyspaces().find((one) => one.name === name)
    await session.print(
      keyspace === undefined
        ? renderStats(session.db.stats())
        : renderKeyspaceStats(keyspace.name, keyspace),
    )
  },
}

export const flushCommand: ShellCommand = {
  name: 'flush',
  usage: 'flush',
  summary: 'write the memtable to a table',
  async run(session) {
    const startMs = performance.now()
    await session.untilCancelled(session.store.flush(), 'flush')
    await session.report('ok', startMs)
  },
}

export const compactCommand: ShellCommand = {
  name: 'compact',
  usage: 'compact [PREFIX] [--gte KEY] [--lt KEY] …',
  summary: 'merge the tables of a range down to the deepest level',
  complete: (_, typed) => (typed.startsWith('-') ? rangeFlagNames : 'keys'),
  async run(session, words) {
    const range = parseRange(words)
    const startMs = performance.now()
    const { signal } = session
    await session.store.compact(range, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
      throw new CancelledError('the compaction was aborted; finished levels stay')
    })
    await session.report('ok', startMs)
  },
}
