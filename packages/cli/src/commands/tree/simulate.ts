import { InvalidArgumentError, Option, type Command } from 'commander'
import type { CompactionOptions } from 'varve'
import { simulate, type SimulateOptions } from 'varve/tools'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { parseCount, parseNumberWithin } from '../../range-flags.js'
import { renderSimulations } from '../../render/simulation.js'
import { parseQuantity } from '../../text/quantity.js'

interface SimulateFlags extends Omit<SimulateOptions, 'compaction'> {
  policy: string[]
  set?: Record<string, number>
}

export function addSimulateCommand(program: Command, io: Io): void {
  const size = (text: string): number => {
    const quantity = parseQuantity(text)
    if (!Number.isNaN(quantity)) return quantity
    throw new InvalidArgumentError('It must be a size such as 5000, 5e6 or 64MiB.')
  }
  program
    .command('simulate')
    .description('simulate compaction policies on synthetic writes; no database is used')
    .addOption(
      new Option('--policy <names>', 'comma-separated policies')
        .argParser((text) => text.split(','))
        .default(['leveled', 'sizeTiered', 'lazyLeveled'], 'leveled,sizeTiered,lazyLeveled'),
    )
    .addOption(
      new Option(
        '--set <threshold=value>',
        'set a threshold of the policies; repeatable',
      ).argParser(addThreshold),
    )
    .addOption(
      new Option('--records <count>', 'records written first').argParser(size).default(1_000_000),
    )
    .addOption(
      new Option('--order <order>', 'order of their keys')
        .choices(['random', 'sorted'])
        .default('random'),
    )
    .addOption(
      new Option(
        '--overwrites <count>',
        'overwrites that follow (default: as many as records)',
      ).argParser(size),
    )
    .addOption(
      new Option('--deletes <share>', 'share of the overwrites that are deletes, 0 to 1')
        .argParser(parseNumberWithin(0, 1))
        .default(0),
    )
    .addOption(
      new Option('--gets <count>', 'gets per overwrite, for the policy adaptive')
        .argParser(parseNumberWithin(0, Infinity))
        .default(0),
    )
    .addOption(
      new Option('--scans <count>', 'scans of 50 entries per overwrite, for adaptive')
        .argParser(parseNumberWithin(0, Infinity))
        .default(0),
    )
    .addOption(
      new Option('--entry-bytes <size>', 'size of a key with its value')
        .argParser(size)
        .default(116),
    )
    .addOption(
      new Option('--memtable-bytes <size>', 'the option memtableBytes of open').argParser(size),
    )
    .addOption(new Option('--table-bytes <size>', 'the option tableBytes of open').argParser(size))
    .addOption(
      new Option('--filter-bits-per-key <bits>', 'the option filterBitsPerKey of open').argParser(
        parseCount(0),
      ),
    )
    .addOption(
      new Option('--filter-allocation <way>', 'the option filterAllocation of open').choices([
        'monkey',
        'uniform',
      ]),
    )
    .addOption(
      new Option('--seed <number>', 'seed of the random writes')
        .argParser(parseCount(0))
        .default(1),
    )
    .addHelpText(
      'after',
      examples(
        ['varve simulate --records 5e6', 'compare three policies'],
        ['varve simulate --policy leveled --set sizeRatio=8', 'try a threshold'],
      ),
    )
    .action(async (flags: SimulateFlags, command: Command) => {
      const invocation = new Invocation(command, io)
      const { policy, set, ...options } = flags
      const simulations = policy.map((name) =>
        simulate({ ...options, compaction: { policy: name, ...set } as CompactionOptions }),
      )
      await invocation.answer(simulations, () => renderSimulations(simulations))
    })
}

function addThreshold(text: string, before?: Record<string, number>): Record<string, number> {
  const [, name, value] = /^(\w+)=(.+)$/.exec(text) ?? []
  const quantity = name === undefined ? NaN : parseQuantity(value)
  if (Number.isNaN(quantity)) {
    throw new InvalidArgumentError('It must have the form threshold=number, as in sizeRatio=10.')
  }
  return { ...before, [name]: quantity }
}
