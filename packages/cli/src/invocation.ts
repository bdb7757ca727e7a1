import type { Command } from 'commander'
import { open, type Database, type OpenOptions } from 'varve'
import type { Io } from './io.js'
import { keepShape } from './keep-shape.js'
import { type CreateFlag, FreshDatabase, requireRoom } from './new-database.js'
import { Output } from './output.js'
import type { TextEncoding } from './text/encoding.js'
import { printableJson } from './text/printable.js'

/** The command works on bytes, so that it reads every database whatever its encodings. */
export type BinaryDatabase = Database<Uint8Array, Uint8Array>

export interface GlobalFlags extends CreateFlag {
  db: string
  json: boolean
  encoding: TextEncoding
  keyEncoding: TextEncoding
}

/** How a command opens the database. */
export interface CommandOptions extends OpenOptions {
  /**
   * Start no compaction. The database may have been made with other options, and a short command
   * must not rewrite its tree to fit the defaults.
   */
  readonly keepsShape?: boolean
}

/** One run of one command: the global options, and where output goes. */
export class Invocation {
  readonly flags: GlobalFlags
  readonly output: Output

  constructor(
    command: Command,
    readonly io: Io,
  ) {
    const flags = command.optsWithGlobals<GlobalFlags>()
    this.flags = { ...flags, json: flags.json === true }
    this.output = new Output(io.stdout)
  }

  /** Prints `record` under --json, else the lines of `text`. */
  async answer(record: unknown, text: () => string): Promise<void> {
    await this.output.line(this.flags.json ? printableJson(JSON.stringify(record)) : text())
    await this.output.flush()
  }

  /** Opens the database for `work` and closes it whatever happens. */
  async withDatabase<T>(
    options: CommandOptions,
    work: (db: BinaryDatabase) => Promise<T>,
  ): Promise<T> {
    const { keepsShape, ...openOptions } = options
    const { db: directory } = this.flags
    const mayCreate = options.readOnly !== true && options.createIfMissing !== false
    if (mayCreate) await requireRoom(directory, this.flags)
    const fresh = mayCreate ? new FreshDatabase(directory) : undefined
    const db = await openBinary(directory, openOptions)
    let isUnused = false
    try {
      if (keepsShape === true) await keepShape(db)
      return await work(db)
    } catch (error) {
      isUnused = db.stats().sequence === 0
      throw error
    } finally {
      await db.close()
      if (isUnused) await fresh?.remove()
    }
  }
}

export function openBinary(path: string, options: OpenOptions = {}): Promise<BinaryDatabase> {
  return open(path, { ...options, keyEncoding: 'binary', valueEncoding: 'binary' })
}

/** For commands that only look: nothing is created, nothing is changed. */
export const lookOnly = { readOnly: true } as const

/** For commands of one short write: no thread is worth its start. */
export const shortWrite = { background: 'inline', keepsShape: true } as const
