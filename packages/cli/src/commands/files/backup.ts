import { type Command, Option } from 'commander'
import { backup, listBackups, pruneBackups, restoreBackup, verifyBackups } from 'varve/tools'
import { exitCode, ExitRequest } from '../../exit-code.js'
import { examples } from '../../examples.js'
import { Invocation } from '../../invocation.js'
import type { Io } from '../../io.js'
import { parseCount } from '../../range-flags.js'
import {
  renderBackup,
  renderBackupList,
  renderBackupVerification,
  renderPruning,
  renderRestore,
} from '../../render/backups.js'

const backupsArgument = 'directory of backups'

interface GenerationFlag {
  generation?: number
}

export function addBackupCommand(program: Command, io: Io): void {
  program
    .command('backup')
    .description('add a backup to a directory of backups; only new tables are copied')
    .argument('<database>', 'directory of the database; it may be in use')
    .argument('<backups>', `${backupsArgument}; created if missing`)
    .addHelpText('after', examples(['varve backup ./data /mnt/backups', 'add a backup']))
    .action(async (database: string, backups: string, _flags: object, command: Command) => {
      const report = await backup(database, backups)
      await new Invocation(command, io).answer(report, () => renderBackup(report))
    })
}

export function addRestoreCommand(program: Command, io: Io): void {
  program
    .command('restore')
    .description('create a database from a backup and verify every file')
    .argument('<backups>', backupsArgument)
    .argument('<database>', 'a new or empty directory')
    .addOption(generationOption('which backup to restore (default: the newest)'))
    .addHelpText(
      'after',
      examples(
        ['varve restore /mnt/backups ./restored', 'the newest backup'],
        ['varve restore /mnt/backups ./restored --generation 2', 'an earlier one'],
      ),
    )
    .action(async (backups: string, database: string, flags: GenerationFlag, command: Command) => {
      const report = await restoreBackup(backups, database, flags)
      await new Invocation(command, io).answer(report, () => renderRestore(report))
    })
}

export function addBackupsCommand(program: Command, io: Io): void {
  const backups = program
    .command('backups')
    .description('list, verify and prune backups')
    .addHelpText(
      'after',
      examples(
        ['varve backups list /mnt/backups', 'one line per backup'],
        ['varve backups prune /mnt/backups --keep 7', 'keep a week of daily backups'],
      ),
    )
  backups
    .command('list')
    .description('list backups, the oldest first')
    .argument('<backups>', backupsArgument)
    .addHelpText('after', examples(['varve backups list /mnt/backups', 'one line per backup']))
    .action(async (directory: string, _flags: object, command: Command) => {
      const listed = await listBackups(directory)
      await new Invocation(command, io).answer(listed, () => renderBackupList(listed))
    })
  backups
    .command('verify')
    .description('read every file of the backups and check it; changes nothing')
    .argument('<backups>', backupsArgument)
    .addOption(generationOption('only this backup'))
    .addHelpText(
      'after',
      examples(
        ['varve backups verify /mnt/backups', 'all backups'],
        ['varve backups verify /mnt/backups --generation 2', 'one backup'],
      ),
    )
    .action(async (directory: string, flags: GenerationFlag, command: Command) => {
      const report = await verifyBackups(directory, flags)
      await new Invocation(command, io).answer(report, () => renderBackupVerification(report))
      if (!report.isSound) throw new ExitRequest(exitCode.failed)
    })
  backups
    .command('prune')
    .description('remove all but the newest backups, and the files that no other backup needs')
    .argument('<backups>', backupsArgument)
    .addOption(
      new Option('--keep <count>', 'number of backups to keep')
        .argParser(parseCount(1))
        .makeOptionMandatory(),
    )
    .addHelpText(
      'after',
      examples(['varve backups prune /mnt/backups --keep 7', 'keep a week of daily backups']),
    )
    .action(async (directory: string, flags: { keep: number }, command: Command) => {
      const report = await pruneBackups(directory, flags)
      await new Invocation(command, io).answer(report, () => renderPruning(report))
    })
}

function generationOption(description: string): Option {
  return new Option('--generation <number>', description).argParser(parseCount(1))
}
