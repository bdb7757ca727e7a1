import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { BinaryDatabase } from './database/binary-database.js'
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

const shortestSeconds = 0.05

export function addWatchFlag(command: Command): Command {
  return command.addOption(
    new Option('--watch [seconds]', 'repeat at this interval (preset: 1) until Ctrl-C')
      .preset('1')
      .argParser(parseNumberWithin(shortestSeconds, 86_400)),
  )
}

/** Answers with a view of the database: once, or with --watch again and again. */
export async function answerOrWatch(
  invocation: Invocation,
  { watch }: WatchFlag,
  look: (db: BinaryDatabase) => Promise<View>,
): Promise<void> {
  await invocation.withDatabase(lookOnly, async (db) => {
    if (watch !== undefined) return repeat(invocation, watch * 1000, db, look)
    const { record, text } = await look(db)
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
  look: (db: BinaryDatabase) => Promise<View>,
): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const stop = (): void => controller.abort()
  const block = io.stdout.isTTY === true && !flags.json ? new LiveBlock(io.stdout) : undefined
  for (const name of stopSignals) process.once(name, stop)
  try {
    for (let isFirst = true; !signal.aborted && !output.closed; isFirst = false) {
      if (!isFirst) await db.refresh()
      const { record, text } = await look(db)
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
