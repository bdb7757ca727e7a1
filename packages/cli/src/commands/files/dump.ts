import { basename, dirname } from 'node:path'
import { Option, type Command } from 'commander'
import { dump, type DumpItem, type DumpOptions } from 'varve/tools'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { addRangeFlags, rangeOf, parseCount, type RangeFlags } from '../../range-flags.js'
import { dumpLine, dumpRecord } from '../../render/dump.js'

interface DumpFlags extends RangeFlags {
  limit?: number
  outline?: boolean
  values: number
}

export function addDumpCommand(program: Command, io: Io): void {
  const command = program
    .command('dump')
    .description('print the contents of a log, MANIFEST or table; damaged parts are skipped')
    .argument('<file>', 'a path, or a file name in the directory of the database')
  addRangeFlags(command)
    .addOption(
      new Option(
        '--limit <count>',
        'print at most this many operations, entries or edits',
      ).argParser(parseCount(0)),
    )
    .option('--outline', 'print blocks and commits without their contents')
    .addOption(
      new Option('--values <bytes>', 'bytes to print of each value')
        .default(40)
        .argParser(parseCount(0)),
    )
    .addHelpText(
      'after',
      examples(
        ['varve dump MANIFEST-000007', 'edits of the tree'],
        ['varve dump 000042.sst --outline', 'blocks of a table'],
        ['varve dump 000043.log --limit 10 --json', 'the first operations of a log'],
      ),
    )
    .action(async (file: string, flags: DumpFlags, command: Command) => {
      await runDump(new Invocation(command, io), file, flags)
    })
}

async function runDump(
  { flags: { db, json, keyEncoding, encoding }, output }: Invocation,
  file: string,
  flags: DumpFlags,
): Promise<void> {
  const directory = file === basename(file) ? db : dirname(file)
  const options: DumpOptions = {
    range: rangeOf(flags, keyEncoding),
    outline: flags.outline === true,
  }
  const style = { keyEncoding, encoding, valueBytes: flags.values }
  let left = flags.limit ?? Infinity
  for (const item of dump(directory, basename(file), options)) {
    if (isCounted(item) && left-- <= 0) break
    const text = json ? JSON.stringify(dumpRecord(item, style)) : dumpLine(item, style)
    await output.line(text)
    if (output.closed) break
  }
  await output.flush()
}

function isCounted({ type }: DumpItem): boolean {
  return type === 'operation' || type === 'entry' || type === 'edit' || type === 'range delete'
}
