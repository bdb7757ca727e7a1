import type { Command } from 'commander'
import { Invocation } from '../invocation.js'
import type { Io } from '../io.js'
import { addRangeFlags, rangeOf, type RangeFlags } from '../range-flags.js'
import { formatBytes, formatDuration } from '../text/quantity.js'

export function addCompactCommand(program: Command, io: Io): void {
  const command = program
    .command('compact')
    .description('merge the tables of a range of keys, by default all, down to the deepest level')
  addRangeFlags(command).action(async (flags: RangeFlags, command: Command) => {
    const invocation = new Invocation(command, io)
    const range = rangeOf(flags, invocation.flags.keyEncoding)
    const startMs = performance.now()
    const result = await invocation.withDatabase({ createIfMissing: false }, async (db) => {
      const beforeBytes = db.stats().tables.sizeBytes
      await db.compact(Object.keys(range).length === 0 ? undefined : range)
      return { beforeBytes, afterBytes: db.stats().tables.sizeBytes }
    })
    const durationMs = performance.now() - startMs
    await invocation.answer({ ...result, durationMs }, () => {
      const { beforeBytes, afterBytes } = result
      return (
        `compacted in ${formatDuration(durationMs)}: ` +
        `tables take ${formatBytes(afterBytes)}, before ${formatBytes(beforeBytes)}`
      )
    })
  })
}
