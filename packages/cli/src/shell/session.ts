import { colors } from '../text/colors.js'
import type { Writable } from 'node:stream'
import type { Snapshot } from 'varve'
import { UsageError } from '../exit-code.js'
import {
  type BinaryDatabase,
  type BinaryKeyspace,
  type BinaryStore,
  openBinaryKeyspace,
} from '../database/binary-database.js'
import type { Output } from '../terminal/output.js'
import type { TextEncoding } from '../text/encoding.js'
import { formatDuration } from '../text/quantity.js'

/** Thrown within a command that Ctrl-C has cancelled. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
}

type OpenSnapshot = Snapshot<Uint8Array, Uint8Array>

/** The reads that snapshots, transactions and the database itself have in common. */
export type Reader = Pick<BinaryDatabase, 'get' | 'entries' | 'keys' | 'cursor'>

/** The writes that transactions and the database itself have in common. */
export type Writer = Pick<BinaryDatabase, 'batch' | 'clear'>

/**
 * What lasts from one shell command to the next: the format, the snapshots, the one in use, and the
 * signal of the command that runs. Owned by `runShell`, which closes it; the database is not its
 * own.
 */
export class ShellSession {
  format: TextEncoding = 'utf8'
  leaving = false
  readonly snapshots = new Map<number, OpenSnapshot>()
  /** Number of the snapshot that reads go to; undefined: the newest data. */
  snapshotInUse: number | undefined
  /** Takes all reads and writes while it is open. */
  transaction: ReturnType<BinaryDatabase['begin']> | undefined
  signal: AbortSignal = new AbortController().signal
  #lastSnapshot = 0
  #keyspace: BinaryKeyspace | undefined

  constructor(
    readonly db: BinaryDatabase,
    readonly output: Output,
    /** A person reads along: say what was done and how long it took. */
    readonly interactive: boolean,
    /** Where notes go that are no answer; undefined: among the answers. */
    private readonly notes: Writable | undefined,
  ) {}

  /** The keyspace in use, without snapshot and transaction. */
  get store(): BinaryStore {
    return this.#keyspace ?? this.db
  }

  /** Undefined in the default keyspace. */
  get keyspaceName(): string | undefined {
    return this.#keyspace?.name
  }

  get reader(): Reader {
    const number = this.snapshotInUse
    if (number === undefined) return this.writer
    const snapshot = this.snapshotNumbered(number)
    return this.#keyspace === undefined ? snapshot : readerAt(this.#keyspace, snapshot)
  }

  get writer(): Reader & Writer {
    const { transaction } = this
    if (transaction === undefined) return this.store
    return this.#keyspace === undefined ? transaction : transaction.keyspace(this.#keyspace)
  }

  /** Of all reads, writes and looks from now on. */
  async useKeyspace(name: string): Promise<void> {
    this.#keyspace = await this.keyspaceNamed(name)
  }

  leaveKeyspace(): void {
    this.#keyspace = undefined
  }

  /** Throws INVALID_ARGUMENT if there is none of that name. */
  keyspaceNamed(name: string): Promise<BinaryKeyspace> {
    return openBinaryKeyspace(this.db, name)
  }

  snapshotNumbered(number: number): OpenSnapshot {
    const snapshot = this.snapshots.get(number)
    if (snapshot === undefined) {
      throw new UsageError(`no snapshot ${number}; 'snapshot list' shows the open ones`)
    }
    return snapshot
  }

  takeSnapshot(): number {
    this.#lastSnapshot++
    this.snapshots.set(this.#lastSnapshot, this.db.snapshot())
    return this.#lastSnapshot
  }

  releaseSnapshot(number: number): void {
    this.snapshotNumbered(number).close()
    this.snapshots.delete(number)
    if (this.snapshotInUse === number) this.snapshotInUse = undefined
  }

  print(text: string): Promise<void> | undefined {
    return this.output.line(text)
  }

  /** For people only: that something is done, and its time. */
  async report(text: string, startMs: number): Promise<void> {
    if (!this.interactive) return
    await this.print(colors.dim(`${text} (${formatDuration(performance.now() - startMs)})`))
  }

  /** Like `report`, of a write, which always goes to the live database. */
  async reportWrite(text: string, startMs: number): Promise<void> {
    await this.report(text, startMs)
    const number = this.snapshotInUse
    if (number === undefined) return
    const note =
      `note: the live database was written; reads still see snapshot ${number}, ` +
      "until 'snapshot use live'"
    if (this.notes === undefined) await this.print(colors.yellow(note))
    else this.notes.write(`${note}\n`)
  }

  /** True when a long command has to stop; asynchronous reads give Ctrl-C its turns to be seen. */
  get cancelled(): boolean {
    return this.signal.aborted || this.output.closed
  }

  /** Stops waiting when Ctrl-C comes; the work itself goes on in the database. */
  async untilCancelled(work: Promise<void>, name: string): Promise<void> {
    const { signal } = this
    let onAbort: (() => void) | undefined
    const cancelled = new Promise<never>((_, reject) => {
      onAbort = () => reject(new CancelledError(`not waiting; the ${name} goes on`))
      signal.addEventListener('abort', onAbort)
    })
    try {
      await Promise.race([work, cancelled])
    } finally {
      signal.removeEventListener('abort', onAbort!)
    }
  }

  close(): void {
    this.transaction?.rollback()
    for (const snapshot of this.snapshots.values()) snapshot.close()
    this.snapshots.clear()
  }
}

/** The reads of a keyspace as a snapshot of the database sees it. */
function readerAt(keyspace: BinaryKeyspace, snapshot: OpenSnapshot): Reader {
  return {
    get: (key) => keyspace.get(key, { snapshot }),
    entries: (options) => keyspace.entries({ ...options, snapshot }),
    keys: (options) => keyspace.keys({ ...options, snapshot }),
    cursor: (options) => keyspace.cursor({ ...options, snapshot }),
  }
}
