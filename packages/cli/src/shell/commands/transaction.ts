import { UsageError } from '../../exit-code.js'
import type { ShellCommand } from '../command.js'
import type { ShellSession } from '../session.js'
import type { Word } from '../word.js'

type ShellTransaction = NonNullable<ShellSession['transaction']>

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

export const commitCommand = ending(
  'commit',
  'commit the writes of the transaction, all of them or none',
  (transaction) => transaction.commit(),
)

export const rollbackCommand = ending(
  'rollback',
  'end the transaction without its writes',
  (transaction) => transaction.rollback(),
)

/** A command that ends the open transaction. */
function ending(
  name: string,
  summary: string,
  end: (transaction: ShellTransaction) => Promise<void> | void,
): ShellCommand {
  return {
    name,
    usage: name,
    summary,
    async run(session, words) {
      requireAlone(words, name)
      const startMs = performance.now()
      await end(takeTransaction(session))
      await session.report('ok', startMs)
    },
  }
}

/** The open transaction, which ends whatever happens next. */
function takeTransaction(session: ShellSession): ShellTransaction {
  const { transaction } = session
  if (transaction === undefined) throw new UsageError("no transaction is open; 'begin' begins one")
  session.transaction = undefined
  return transaction
}

function requireAlone(words: readonly Word[], name: string): void {
  if (words.length > 0) throw new UsageError(`usage: ${name}`)
}
