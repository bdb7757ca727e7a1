import type { Command } from 'commander'
import type { OpenOptions } from 'varve'
import { UsageError } from './exit-code.js'
import type { Io } from './io.js'
import {
  type BinaryDatabase,
  type BinaryStore,
  openBinary,
  openBinaryKeyspace,
} from './database/binary-database.js'
import { keepShape } from './database/keep-shape.js'
import { type CreateFlag, FreshDatabase, requireRoom } from './database/new-database.js'
import { Output } from './terminal/output.js'
import type { TextEncoding } from './text/encoding.js'
import { printableJson } from './text/printable.js'

export interface GlobalFlags extends CreateFlag {
  db: string
  keyspace?: string
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

  /** Like `withDatabase`, with the keyspace that `--keyspace` names, or else the default one. */
  async withStore<T>(
    options: CommandOptions,
    work: (store: BinaryStore, db: BinaryDatabase) => Promise<T>,
  ): Promise<T> {
    const { keyspace } = this.flags
    return this.open(options, async (db) =>
      work(keyspace === undefined ? db : await openBinaryKeyspace(db, keyspace), db),
    )
  }

  /** Opens the database for `work` and closes it whatever happens. */
  async withDatabase<T>(
    options: CommandOptions,
    work: (db: BinaryDatabase) => Promise<T>,
  ): Promise<T> {
    if (this.flags.keyspace !== undefined) {
      throw new UsageError('--keyspace does not go with this command, which is for all keyspaces')
    }
    return this.open(options, work)
  }

  private async open<T>(
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

/** For commands that only look: nothing is created, nothing is changed. */
export const lookOnly = { readOnly: true } as const

/** For commands of one short write: no thread is worth its start. */
export const shortWrite = { background: 'inline', keepsShape: true } as const
