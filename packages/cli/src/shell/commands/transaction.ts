import { UsageError } from '../../exit-code.js'
import type { ShellCommand } from '../command.js'
import type { ShellSession } from '../session.js'
import type { Word } from '../word.js'

export const beginCommand: ShellCommand = {
  name: 'begin',
  usage: 'begin',
  summary: 'begin a transaction; reads and writes are part of it until its end',
  async run(session, words) {
    requireAlone(words, 'begin')
    if (session.transaction !== undefined) {
      throw new UsageError("a transaction is open; end it with 'commit' or 'rollback'")
    }
    if (session.snapshotInUse !== undefined) {
      throw new UsageError("reads come from a snapshot; 'snapshot use live' first")
    }
    const startMs = performance.now()
    session.transaction = session.db.begin()
    await session.report("ok; 'commit' or 'rollback' ends the transaction", startMs)
  },
}

export const commitCommand: ShellCommand = {
  name: 'commit',
  usage: 'commit',
  summary: 'commit the writes of the transaction, all of them or none',
  async run(session, words) {
    requireAlone(words, 'commit')
    const startMs = performance.now()
    await takeTransaction(session).commit()
    await session.report('ok', startMs)
  },
}

export const rollbackCommand: ShellCommand = {
  name: 'rollback',
  usage: 'rollback',
  summary: 'end the transaction without its writes',
  async run(session, words) {
    requireAlone(words, 'rollback')
    const startMs = performance.now()
    takeTransaction(session).rollback()
    await session.report('ok', startMs)
  },
}

/** The open transaction, which ends whatever happens next. */
function takeTransaction(session: ShellSession): NonNullable<ShellSession['transaction']> {
  const { transaction } = session
  if (transaction === undefined) throw new UsageError("no transaction is open; 'begin' begins one")
  session.transaction = undefined
  return transaction
}

function requireAlone(words: readonly Word[], name: string): void {
  if (words.length > 0) throw new UsageError(`usage: ${name}`)
}
