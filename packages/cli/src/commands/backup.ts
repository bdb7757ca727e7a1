import { type Command, Option } from 'commander'
import { backup, listBackups, pruneBackups, restoreBackup, verifyBackups } from 'varve/tools'
import { exitCode, ExitRequest } from '../exit-code.js'
import { Invocation } from '../invocation.js'
import type { Io } from '../io.js'
import { parseCount } from '../range-flags.js'
import {
  renderBackup,
  renderBackupList,
  renderBackupVerification,
  renderPruning,
  renderRestore,
} from '../render/backups.js'

const backupsArgument = 'directory of backups'

interface GenerationFlag {
  generation?: number
}

export function addBackupCommand(program: Command, io: Io): void {
  program
    .command('backup')
    .description('add a backup to a directory of backups; copies what no earlier one holds')
    .argument('<database>', 'its directory; it may be in use')
    .argument('<backups>', `${backupsArgument}, made if it is not there`)
    .action(async (database: string, backups: string, _flags: object, command: Command) => {
      const report = await backup(database, backups)
      await new Invocation(command, io).answer(report, () => renderBackup(report))
    })
}

export function addRestoreCommand(program: Command, io: Io): void {
  program
    .command('restore')
    .description('make a database of a backup, and compare every file with what was backed up')
    .argument('<backups>', backupsArgument)
    .argument('<database>', 'a new or an empty directory')
    .addOption(generationOption('which backup; default the newest'))
    .action(async (backups: string, database: string, flags: GenerationFlag, command: Command) => {
      const report = await restoreBackup(backups, database, flags)
      await new Invocation(command, io).answer(report, () => renderRestore(report))
    })
}

export function addBackupsCommand(program: Command, io: Io): void {
  const backups = program.command('backups').description('list, verify and prune backups')
  backups
    .command('list')
    .description('one a line, the oldest first')
    .argument('<backups>', backupsArgument)
    .action(async (directory: string, _flags: object, command: Command) => {
      const listed = await listBackups(directory)
      await new Invocation(command, io).answer(listed, () => renderBackupList(listed))
    })
  backups
    .command('verify')
    .description('read every byte and compare it with what was backed up; changes nothing')
    .argument('<backups>', backupsArgument)
    .addOption(generationOption('only this backup'))
    .action(async (directory: string, flags: GenerationFlag, command: Command) => {
      const report = await verifyBackups(directory, flags)
      await new Invocation(command, io).answer(report, () => renderBackupVerification(report))
      if (!report.isSound) throw new ExitRequest(exitCode.failed)
    })
  backups
    .command('prune')
    .description('remove all backups but the newest ones, and what only they needed')
    .argument('<backups>', backupsArgument)
    .addOption(
      new Option('--keep <count>', 'how many stay').argParser(parseCount(1)).makeOptionMandatory(),
    )
    .action(async (directory: string, flags: { keep: number }, command: Command) => {
      const report = await pruneBackups(directory, flags)
      await new Invocation(command, io).answer(report, () => renderPruning(report))
    })
}

function generationOption(description: string): Option {
  return new Option('--generation <number>', description).argParser(parseCount(1))
}
