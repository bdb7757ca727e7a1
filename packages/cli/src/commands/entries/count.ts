import type { Command } from 'commander'
import { countKeys } from '../../database/count-keys.js'
import { examples } from '../../examples.js'
import { Invocation, lookOnly } from '../../invocation.js'
import type { Io } from '../../io.js'
import { addRangeFlags, rangeOf, type RangeFlags } from '../../range-flags.js'

export function addCountCommand(program: Command, io: Io): void {
  const command = program
    .command('count')
    .description('count all keys, or the keys of a range')
    .addHelpText(
      'after',
      examples(['varve count', 'all keys'], ['varve count --prefix user:', 'a range']),
    )
  addRangeFlags(command).action(async (flags: RangeFlags, command: Command) => {
    const invocation = new Invocation(command, io)
    const range = rangeOf(flags, invocation.flags.keyEncoding)
    const count = await invocation.withStore(lookOnly, (db) => countKeys(db, range))
    await invocation.answer({ count }, () => String(count))
  })
}
