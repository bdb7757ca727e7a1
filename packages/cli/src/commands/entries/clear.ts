import type { Command } from 'commander'
import { UsageError } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation, shortWrite } from '../../invocation.js'
import type { Io } from '../../io.js'
import { addRangeFlags, rangeOf, type RangeFlags } from '../../range-flags.js'

interface ClearFlags extends RangeFlags {
  all?: boolean
  sync?: boolean
}

export function addClearCommand(program: Command, io: Io): void {
  const command = program
    .command('clear')
    .description('delete a range of keys; an empty range is not an error')
    .addHelpText(
      'after',
      examples(['varve clear --prefix user:', 'a range'], ['varve clear --all', 'every key']),
    )
  addRangeFlags(command)
    .option('--all', 'delete every key; cannot be combined with a range')
    .option('--sync', 'return only when the deletes survive a power failure')
    .action(async (flags: ClearFlags, command: Command) => {
      const invocation = new Invocation(command, io)
      const range = rangeOf(flags, invocation.flags.keyEncoding)
      const hasRange = Object.keys(range).length > 0
      if (hasRange === (flags.all === true)) {
        throw new UsageError('choose the keys with --prefix, --gte, --lt …, or all with --all')
      }
      await invocation.withStore({ ...shortWrite, createIfMissing: false }, (db) =>
        db.clear(range, { sync: flags.sync === true }),
      )
      if (invocation.flags.json) await invocation.answer({ ok: true }, () => '')
    })
}
