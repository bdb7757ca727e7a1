import { corruption } from '../base/errors.js'
import type { Yielder } from '../base/yielder.js'
import { lockDirectory, type LockSite } from '../fs/lock/lock-directory.js'
import type { CodecRegistry } from '../sstable/block/codec.js'
import { checkTable } from '../sstable/salvage/table-check.js'
import { TolerantTable } from '../sstable/salvage/tolerant-table.js'
import { currentName, tableName } from '../store/file-names.js'
import { type BackupDirectory, prepareBackupDirectory } from './backup-directory.js'
import { writeCommitsAndManifest } from './checkpoint.js'
import { type CopySource, tablesOf } from './copy-source.js'
import { contentOf, copyFile, type FileContent, removeQuietly } from './file-copy.js'
import {
  type BackedUpFile,
  encodeGeneration,
  readGeneration,
  sizeOf,
  tableCountOf,
} from './generation.js'

/** A finished backup. */
export interface BackupReport {
  /** Its number in the backup directory. */
  readonly generation: number
  /** Sequence of its last write; see `stats().sequence`. */
  readonly sequence: number
  readonly tables: number
  /** Tables that no earlier backup in the directory held. */
  readonly newTables: number
  /** Bytes of all its files, and how many of them were copied. */
  readonly sizeBytes: number
  readonly copiedBytes: number
}

/** Dependencies of a backup. */
interface BackupSite extends LockSite {
  readonly codecs: CodecRegistry
}

/**
 * Adds a copy of a database to a backup directory, which is created if needed. Reads every table,
 * and copies those whose content is new. Each copy is read back and checked block by block, so that
 * a damaged table fails the backup instead of becoming part of it.
 *
 * @throws LOCKED when another process or thread changes the backups; INVALID_ARGUMENT when the
 * directory holds other files; CORRUPTION, IO
 */
export async function makeBackup(
  site: BackupSite,
  from: CopySource,
  path: string,
  yielder: Yielder,
): Promise<BackupReport> {
  const directory = prepareBackupDirectory(site.fs, path)
  const lock = lockDirectory(directory.path, site)
  const backup = new Backup(site, from, directory, yielder)
  try {
    backup.removeLeftovers()
    return await backup.run()
  } finally {
    backup.removeLeftovers()
    lock.release()
  }
}

/** One backup. Owned by: `makeBackup`. */
class Backup {
  private copiedBytes = 0
  private newTables = 0

  constructor(
    private readonly site: BackupSite,
    private readonly from: CopySource,
    private readonly directory: BackupDirectory,
    private readonly yielder: Yielder,
  ) {}

  async run(): Promise<BackupReport> {
    const { directory, from, site } = this
    const files = [...(await this.storeTables()), ...(await this.storeRest())]
    site.fs.syncDirectory(directory.contentsPath)
    const generation = (directory.generations().at(-1) ?? 0) + 1
    const { sequence, directory: source } = from
    const made = { generation, createdAtMs: site.clock.wallMs(), source, sequence, files }
    this.putInForce(generation, encodeGeneration(made))
    const { copiedBytes, newTables } = this
    const tables = tableCountOf(made)
    return { generation, sequence, tables, newTables, sizeBytes: sizeOf(made), copiedBytes }
  }

  /** Removes the files that this and earlier interrupted backups left. Never throws. */
  removeLeftovers(): void {
    const { fs } = this.site
    const { path, contentsPath, stagingPath } = this.directory
    try {
      for (const folder of [path, contentsPath]) {
        const unfinished = fs.list(folder).filter((name) => name.endsWith('.tmp'))
        for (const name of unfinished) removeQuietly(fs, `${folder}/${name}`)
      }
      if (!fs.exists(stagingPath)) return
      for (const name of fs.list(stagingPath)) removeQuietly(fs, `${stagingPath}/${name}`)
      fs.removeDirectory(stagingPath)
    } catch {
      // The next backup tries again.
    }
  }

  private async storeTables(): Promise<BackedUpFile[]> {
    const { from, yielder } = this
    const stored: BackedUpFile[] = []
    for (const fileNumber of tablesOf(from)) {
      const content = await contentOf(await from.store.openAsync(fileNumber), yielder)
      if (!this.isStored(content)) {
        await this.copyTable(fileNumber, content)
        this.newTables++
      }
      stored.push({ name: tableName(fileNumber), ...content })
    }
    return stored
  }

  /** Stores the log, the MANIFEST and CURRENT, which are created for each backup. */
  private async storeRest(): Promise<BackedUpFile[]> {
    const { from, site, yielder, directory } = this
    const { fs } = site
    const { stagingPath } = directory
    fs.makeDirectory(stagingPath)
    await writeCommitsAndManifest(fs, from, stagingPath, yielder)
    const stored: BackedUpFile[] = []
    const names = fs.list(stagingPath).filter((name) => name !== currentName)
    for (const name of [...names.sort(), currentName]) {
      const path = `${stagingPath}/${name}`
      const content = await contentOf(fs.openForRead(path), yielder)
      if (!this.isStored(content)) {
        fs.rename(path, directory.contentPath(content.hash))
        this.copiedBytes += content.sizeBytes
      }
      stored.push({ name, ...content })
    }
    return stored
  }

  /** A content of another size was damaged later and is written again. */
  private isStored({ hash, sizeBytes }: FileContent): boolean {
    const { fs } = this.site
    const path = this.directory.contentPath(hash)
    if (!fs.exists(path)) return false
    const file = fs.openForRead(path)
    try {
      return file.sizeBytes() === sizeBytes
    } finally {
      file.close()
    }
  }

  private async copyTable(fileNumber: number, content: FileContent): Promise<void> {
    const { fs } = this.site
    const { store } = this.from
    const final = this.directory.contentPath(content.hash)
    const temporary = `${final}.tmp`
    const original = await store.openAsync(fileNumber)
    const { sizeBytes } = await copyFile(fs, original, temporary, this.yielder, content)
    await this.requireSoundTable(temporary, store.nameOf(fileNumber))
    fs.rename(temporary, final)
    this.copiedBytes += sizeBytes
  }

  /** Accepts blocks of an unknown codec once their checksums match. */
  private async requireSoundTable(copy: string, original: string): Promise<void> {
    const { fs, codecs } = this.site
    const file = fs.openForRead(copy)
    try {
      const found = await this.yielder.run(checkTable(new TolerantTable(file, codecs)))
      const damage = found.damage.find(({ isUnsupported }) => !isUnsupported)
      if (damage !== undefined) throw corruption(original, damage.start, damage.what)
    } finally {
      file.close()
    }
  }

  /** The rename completes the backup. */
  private putInForce(generation: number, bytes: Buffer): void {
    const { fs } = this.site
    const final = this.directory.generationPath(generation)
    const file = fs.create(`${final}.tmp`)
    try {
      file.append(bytes, 0, bytes.length)
      file.sync()
    } finally {
      file.close()
    }
    readGeneration(fs, `${final}.tmp`)
    fs.rename(`${final}.tmp`, final)
    fs.syncDirectory(this.directory.path)
  }
}
