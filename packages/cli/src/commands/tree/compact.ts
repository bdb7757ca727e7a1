import type { Command } from 'commander'
import type { RangeOptions } from 'varve'
import type { BinaryStore } from '../../database/binary-database.js'
import { Invocation } from '../../invocation.js'
import { ByteBar } from '../../terminal/byte-bar.js'
import { examples } from '../../examples.js'
import type { Io } from '../../io.js'
import { addRangeFlags, rangeOf, type RangeFlags } from '../../range-flags.js'
import { formatBytes, formatDuration } from '../../text/quantity.js'

export function addCompactCommand(program: Command, io: Io): void {
  const command = program
    .command('compact')
    .description(
      'merge the tables of a key range (default: all keys) into the deepest level; Ctrl-C cancels',
    )
    .addHelpText(
      'after',
      examples(
        ['varve compact', 'the default keyspace'],
        ['varve compact --prefix log/2024', 'only some keys'],
        ['varve compact --keyspace users', 'one keyspace'],
      ),
    )
  addRangeFlags(command).action(async (flags: RangeFlags, command: Command) => {
    const invocation = new Invocation(command, io)
    const range = rangeOf(flags, invocation.flags.keyEncoding)
    const startMs = performance.now()
    const result = await invocation.withStore({ createIfMissing: false }, async (store) => {
      const beforeBytes = tableBytes(store)
      await compactInSight(store, range, io)
      return { beforeBytes, afterBytes: tableBytes(store) }
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

function tableBytes(store: BinaryStore): number {
  return store.levels().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** With a bar on a terminal. Ctrl-C aborts; finished levels stay. */
async function compactInSight(
  store: BinaryStore,
  range: RangeOptions<Uint8Array>,
  io: Io,
): Promise<void> {
  const bar = new ByteBar('compact', io.stderr)
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  process.once('SIGINT', interrupt)
  try {
    await store.compact(range, {
      signal: controller.signal,
      onProgress: ({ readBytes, totalBytes }) => bar.update(readBytes, totalBytes),
    })
  } finally {
    process.removeListener('SIGINT', interrupt)
    bar.stop()
  }
}
