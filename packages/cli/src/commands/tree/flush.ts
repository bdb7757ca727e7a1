import type { Command } from 'commander'
import type { FlushEvent } from 'varve'
import { examples } from '../../examples.js'
import { Invocation, shortWrite } from '../../invocation.js'
import type { Io } from '../../io.js'
import { formatBytes, formatCounted } from '../../text/quantity.js'

export function addFlushCommand(program: Command, io: Io): void {
  program
    .command('flush')
    .description('write the entries that are only in the log to a table')
    .addHelpText('after', examples(['varve flush && varve levels', 'see the new table']))
    .action(async (_options: unknown, command: Command) => {
      const invocation = new Invocation(command, io)
      const flushes: FlushEvent[] = []
      await invocation.withStore({ ...shortWrite, createIfMissing: false }, async (store, db) => {
        db.on('flush', (event) => flushes.push(event))
        await store.flush()
      })
      const entryCount = flushes.reduce((sum, event) => sum + event.entryCount, 0)
      const sizeBytes = flushes.reduce((sum, event) => sum + event.sizeBytes, 0)
      await invocation.answer({ entryCount, sizeBytes }, () =>
        entryCount === 0
          ? 'nothing to flush: all data is in tables already'
          : `flushed ${formatCounted(entryCount, 'entry', 'entries')}, ${formatBytes(sizeBytes)}`,
      )
    })
}
