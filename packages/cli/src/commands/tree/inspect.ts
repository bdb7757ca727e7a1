import { type Command, Option } from 'commander'
import { UsageError } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import { parseNumberWithin } from '../../range-flags.js'

interface InspectFlags {
  port: number
  host: string
  allowWrites?: boolean
}

export function addInspectCommand(program: Command, io: Io): void {
  program
    .command('inspect')
    .argument('[dir]', 'directory of the database, instead of --db')
    .description('show the database at work in a browser, also beside its owner, until Ctrl-C')
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 picks a free one')
        .argParser(parseNumberWithin(0, 65_535))
        .default(0),
    )
    .option(
      '--host <address>',
      'address to listen on; others than loopback show all data',
      '127.0.0.1',
    )
    .option('--allow-writes', 'own the database, and let the page flush and compact it')
    .addHelpText(
      'after',
      examples(
        ['varve inspect ./data', 'print the URL of the page'],
        ['varve inspect ./data --port 4000', 'on a fixed port'],
        ['varve inspect ./data --allow-writes', 'with buttons that flush and compact'],
      ),
    )
    .action(async (directory: string | undefined, flags: InspectFlags, command: Command) => {
      if (directory !== undefined) useDirectory(command, directory)
      await inspect(new Invocation(command, io), flags)
    })
}

function useDirectory(command: Command, directory: string): void {
  const program = command.parent
  if (program?.getOptionValueSource('db') === 'cli') {
    throw new UsageError('give the directory once: as an argument or with --db')
  }
  program?.setOptionValueWithSource('db', directory, 'cli')
}

async function inspect(invocation: Invocation, flags: InspectFlags): Promise<void> {
  const { port, host, allowWrites = false } = flags
  // Takes a while to load, and the other commands do not need it.
  const { inspector } = await import('@varve/inspector')
  const access = allowWrites ? { createIfMissing: false, keepsShape: true } : lookOnly
  await invocation.withDatabase(access, async (db) => {
    const options = { port, host, allowWrites, follow: !allowWrites, keepAlive: true }
    await using inspected = await inspector(db, options)
    const stopped = stopSignal()
    await invocation.answer(
      { url: inspected.url },
      () => `${inspected.url}\nWhoever has this URL can read all data. Ctrl-C ends.`,
    )
    await stopped
  })
}

/** Resolves with Ctrl-C. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const name of stopSignals) process.removeListener(name, stop)
      resolve()
    }
    for (const name of stopSignals) process.on(name, stop)
  })
}

const stopSignals = ['SIGINT', 'SIGTERM'] as const
