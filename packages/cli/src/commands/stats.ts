import type { Command } from 'commander'
import { examples } from '../examples.js'
import { Invocation, lookOnly } from '../invocation.js'
import type { Io } from '../io.js'
import { renderStats } from '../render/stats.js'

export function addStatsCommand(program: Command, io: Io): void {
  program
    .command('stats')
    .description('print figures of the database; what counts from opening on starts at zero')
    .addHelpText(
      'after',
      examples(
        ['varve stats', 'figures for people'],
        ['varve stats --json', 'all figures as JSON'],
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const invocation = new Invocation(command, io)
      const stats = await invocation.withDatabase(lookOnly, (db) => Promise.resolve(db.stats()))
      await invocation.answer(stats, () => renderStats(stats))
    })
}
