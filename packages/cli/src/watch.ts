import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { BinaryDatabase, BinaryStore } from './database/binary-database.js'
import { type Invocation, lookOnly } from './invocation.js'
import { LiveBlock } from './terminal/live-block.js'
import { parseNumberWithin } from './range-flags.js'

export interface WatchFlag {
  /** Seconds between two looks. */
  watch?: number
}

/** One look at the database. */
export interface View {
  record: unknown
  text: string
}

/** Looks at the keyspace that `--keyspace` names, or at the default one. */
export type Look = (store: BinaryStore, db: BinaryDatabase) => Promise<View>

const shortestSeconds = 0.05

export function addWatchFlag(command: Command): Command {
  return command.addOption(
    new Option('--watch [seconds]', 'repeat at this interval (preset: 1) until Ctrl-C')
      .preset('1')
      .argParser(parseNumberWithin(shortestSeconds, 86_400)),
  )
}

/** Answers with a view of the database or keyspace: once, or with --watch again and again. */
export async function answerOrWatch(
  invocation: Invocation,
  { watch }: WatchFlag,
  look: Look,
): Promise<void> {
  await invocation.withStore(lookOnly, async (store, db) => {
    const lookNow = (): Promise<View> => look(store, db)
    if (watch !== undefined) return repeat(invocation, watch * 1000, db, lookNow)
    const { record, text } = await lookNow()
    await invocation.answer(record, () => text)
  })
}

/**
 * On a terminal the view is redrawn in place; otherwise each is a block of its own after an empty
 * line, or a line under --json. Ends with Ctrl-C, or when the reader of a pipe has left.
 */
async function repeat(
  { io, output, flags }: Invocation,
  intervalMs: number,
  db: BinaryDatabase,
  look: () => Promise<View>,
): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const stop = (): void => controller.abort()
  const block = io.stdout.isTTY === true && !flags.json ? new LiveBlock(io.stdout) : undefined
  for (const name of stopSignals) process.once(name, stop)
  try {
    for (let isFirst = true; !signal.aborted && !output.closed; isFirst = false) {
      if (!isFirst) await db.refresh()
      const { record, text } = await look()
      const heading = `${new Date().toISOString()}, every ${intervalMs / 1000} s`
      if (block !== undefined) block.show(`${heading}; Ctrl-C ends\n${text}`)
      else if (flags.json) await output.line(JSON.stringify(record))
      else await output.line(`${isFirst ? '' : '\n'}${heading}\n${text}`)
      await output.flush()
      // Aborted: the loop ends.
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    for (const name of stopSignals) process.removeListener(name, stop)
    block?.end()
  }
}

const stopSignals = ['SIGINT', 'SIGTERM'] as const
