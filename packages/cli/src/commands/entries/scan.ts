import { Option, type Command } from 'commander'
import type { IterateOptions } from 'varve'
import { examples } from '../../examples.js'
import type { BinaryStore } from '../../database/binary-database.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import type { Output } from '../../terminal/output.js'
import { addRangeFlags, parseCount, rangeOf, type RangeFlags } from '../../range-flags.js'
import { EntryRenderer } from '../../render/entry.js'

interface ScanFlags extends RangeFlags {
  reverse?: boolean
  limit?: number
  keysOnly?: boolean
}

export function addScanCommand(program: Command, io: Io): void {
  const command = program
    .command('scan')
    .description('print entries in key order, one per line: key, tab, value')
  addRangeFlags(command)
    .option('--reverse', 'print the last key first')
    .addOption(
      new Option('--limit <count>', 'print at most this many entries').argParser(parseCount(0)),
    )
    .option('--keys-only', 'print keys only')
    .addHelpText(
      'after',
      examples(
        ['varve scan --prefix user/ --limit 10', 'the first ten users'],
        ['varve scan --gte 2024-01 --lt 2024-02', 'a month'],
        ['varve scan --reverse --limit 1', 'the last entry'],
        ['varve scan --json --encoding json | jq .value', 'for other programs'],
      ),
    )
    .action(async (flags: ScanFlags, command: Command) => {
      const invocation = new Invocation(command, io)
      const options: IterateOptions<Uint8Array> = {
        ...rangeOf(flags, invocation.flags.keyEncoding),
        reverse: flags.reverse === true,
        ...(flags.limit === undefined ? {} : { limit: flags.limit }),
      }
      const renderer = new EntryRenderer(invocation.flags)
      const print = flags.keysOnly === true ? printKeys : printEntries
      await invocation.withStore(lookOnly, (db) => print(db, options, renderer, invocation.output))
      const { note } = renderer
      if (note !== undefined) io.stderr.write(`varve: ${note}\n`)
    })
}

async function printEntries(
  db: BinaryStore,
  options: IterateOptions<Uint8Array>,
  renderer: EntryRenderer,
  output: Output,
): Promise<void> {
  for await (const [key, value] of db.entries(options)) {
    await output.line(renderer.entry(key, value))
    if (output.closed) break
  }
  await output.flush()
}

async function printKeys(
  db: BinaryStore,
  options: IterateOptions<Uint8Array>,
  renderer: EntryRenderer,
  output: Output,
): Promise<void> {
  for await (const key of db.keys(options)) {
    await output.line(renderer.keyOnly(key))
    if (output.closed) break
  }
  await output.flush()
}
