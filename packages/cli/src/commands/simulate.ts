import { Option, type Command } from 'commander'
import type { CompactionOptions } from 'varve'
import { simulate, type SimulateOptions } from 'varve/tools'
import { UsageError } from '../exit-code.js'
import { Invocation } from '../invocation.js'
import type { Io } from '../io.js'
import { parseCount } from '../range-flags.js'
import { renderSimulations } from '../render/simulation.js'
import { parseQuantity } from '../text/quantity.js'

interface SimulateFlags extends Omit<SimulateOptions, 'compaction'> {
  policy: string[]
  set: Record<string, number>
}

export function addSimulateCommand(program: Command, io: Io): void {
  const size = (text: string): number => parseQuantity(text)
  program
    .command('simulate')
    .description(
      'run compaction policies over made-up writes, without a disk; no database is touched',
    )
    .addOption(
      new Option('--policy <names>', 'policies, with commas between')
        .argParser((text) => text.split(','))
        .default(['leveled', 'sizeTiered', 'lazyLeveled']),
    )
    .addOption(
      new Option('--set <threshold=value>', 'a threshold of the policies; may be repeated')
        .argParser(addThreshold)
        .default({}),
    )
    .addOption(new Option('--records <count>', 'written first').argParser(size).default(1_000_000))
    .addOption(
      new Option('--order <order>', 'of their keys')
        .choices(['random', 'sorted'])
        .default('random'),
    )
    .addOption(new Option('--overwrites <count>', 'that follow; default as many').argParser(size))
    .addOption(new Option('--deletes <share>', 'of them, 0 to 1').argParser(Number).default(0))
    .addOption(
      new Option('--gets <count>', 'for each of them, as adaptive sees it')
        .argParser(Number)
        .default(0),
    )
    .addOption(
      new Option('--scans <count>', 'of 50 entries, likewise').argParser(Number).default(0),
    )
    .addOption(new Option('--entry-bytes <size>', 'key and value').argParser(size).default(116))
    .addOption(new Option('--memtable-bytes <size>', 'as in open').argParser(size))
    .addOption(new Option('--table-bytes <size>', 'as in open').argParser(size))
    .addOption(new Option('--filter-bits-per-key <bits>', 'as in open').argParser(parseCount(0)))
    .addOption(new Option('--filter-allocation <way>', 'as in open').choices(['monkey', 'uniform']))
    .addOption(new Option('--seed <number>', 'another run').argParser(parseCount(0)).default(1))
    .action(async (flags: SimulateFlags, command: Command) => {
      const invocation = new Invocation(command, io)
      const { policy, set, ...options } = flags
      const simulations = policy.map((name) =>
        simulate({ ...options, compaction: { policy: name, ...set } as CompactionOptions }),
      )
      await invocation.answer(simulations, () => renderSimulations(simulations))
    })
}

function addThreshold(text: string, before: Record<string, number>): Record<string, number> {
  const [, name, value] = /^(\w+)=(.+)$/.exec(text) ?? []
  if (name === undefined) throw new UsageError(`'${text}' is not of the form threshold=value`)
  return { ...before, [name]: parseQuantity(value) }
}
