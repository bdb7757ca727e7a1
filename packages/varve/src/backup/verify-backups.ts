import { isNotFound, reasonOf, VarveError } from '../base/errors.js'
import type { Yielder } from '../base/yielder.js'
import type { BackupDirectory } from './backup-directory.js'
import { contentOf, requireSame } from './file-copy.js'
import type { BackedUpFile } from './generation.js'

/** The result of reading the backups of a directory. */
export interface BackupsVerification {
  /** Whether every backup read can be restored. */
  readonly isSound: boolean
  readonly generations: readonly VerifiedGeneration[]
  /** Bytes read. Contents shared by several generations are read once. */
  readonly readBytes: number
}

/** A backup that was read. */
export interface VerifiedGeneration {
  readonly generation: number
  /** At most a thousand. If empty, the backup can be restored. */
  readonly problems: readonly BackupProblem[]
}

/** A problem that keeps a backup from being restored. */
export interface BackupProblem {
  /** Relative to the backup directory. */
  readonly file: string
  /** The database file whose bytes `file` holds. Undefined for the generation itself. */
  readonly name?: string
  readonly message: string
}

const maxListedProblems = 1000

/** Reads every byte of some generations, ascending, and compares it with the backed-up bytes. */
export async function verifyGenerations(
  directory: BackupDirectory,
  generations: readonly number[],
  yielder: Yielder,
): Promise<BackupsVerification> {
  const verification = new Verification(directory, yielder)
  const verified: VerifiedGeneration[] = []
  for (const generation of generations) {
    const problems = await verification.problemsOf(generation)
    verified.push({ generation, problems: problems.slice(0, maxListedProblems) })
  }
  const isSound = verified.every(({ problems }) => problems.length === 0)
  return { isSound, generations: verified, readBytes: verification.readBytes }
}

/** One verification. Owned by: `verifyGenerations`. */
class Verification {
  readBytes = 0
  /** By content: a message if something is wrong with it. */
  private readonly known = new Map<string, string | undefined>()

  constructor(
    private readonly directory: BackupDirectory,
    private readonly yielder: Yielder,
  ) {}

  async problemsOf(generation: number): Promise<BackupProblem[]> {
    const { directory } = this
    let files: readonly BackedUpFile[]
    try {
      files = directory.read(generation).files
    } catch (error) {
      return [{ file: this.nameOf(directory.generationPath(generation)), message: reason(error) }]
    }
    const problems: BackupProblem[] = []
    for (const file of files) {
      const message = await this.problemOf(file)
      if (message === undefined) continue
      const path = directory.contentPath(file.hash)
      problems.push({ file: this.nameOf(path), name: file.name, message })
    }
    return problems
  }

  private async problemOf(file: BackedUpFile): Promise<string | undefined> {
    const id = `${file.hash} ${file.sizeBytes}`
    if (!this.known.has(id)) this.known.set(id, await this.read(file))
    return this.known.get(id)
  }

  private async read(file: BackedUpFile): Promise<string | undefined> {
    const { directory, yielder } = this
    const path = directory.contentPath(file.hash)
    try {
      const found = await contentOf(directory.fs.openForRead(path), yielder)
      this.readBytes += found.sizeBytes
      requireSame(path, file, found)
      return undefined
    } catch (error) {
      return reason(error)
    }
  }

  private nameOf(path: string): string {
    return path.slice(this.directory.path.length + 1)
  }
}

function reason(error: unknown): string {
  if (!(error instanceof VarveError) || error.code === 'CLOSED') throw error
  return isNotFound(error) ? 'is missing' : reasonOf(error)
}
