import { printableKey } from '../../base/bytes/bytes.js'
import { invalidArgument, VarveError } from '../../base/errors.js'
import type { Encoding } from '../../batch/encoding.js'
import type { ReadCore } from '../read/read-core.js'
import type { RecordedWrite } from '../write/conflict-index.js'
import type { KeyInterval } from '../write/key-intervals.js'

/** A write to something that a transaction has read. */
export interface Conflict {
  readonly write: RecordedWrite
  /** The key that was read, or the range that an iterator has read. */
  readonly read: string | KeyInterval
}

export function tooLarge(): VarveError {
  return invalidArgument(
    "the transaction takes more memory than 'maxTransactionBytes'; " +
      'split it, or raise the option at open',
    'maxTransactionBytes',
  )
}

export function savepointGone(): VarveError {
  return invalidArgument(
    'the savepoint is of another transaction, or was undone by a rollback to an earlier one',
    'savepoint',
  )
}

export function tooOld(): VarveError {
  return new VarveError(
    'CONFLICT',
    'the transaction took too long: writes since its start are no longer recorded; run it again',
  )
}

/** `core`: of the keyspace; undefined if the transaction does not know it. */
export function conflictError({ write, read }: Conflict, core: ReadCore | undefined): VarveError {
  const encoding = core?.keyEncoding
  const did =
    write.end === undefined
      ? `has written ${shown(write.key)}`
      : `has cleared ${rangeOf(write.key, write.end)}`
  const where = inKeyspace(core?.keyspaceName)
  const what = typeof read === 'string' ? 'which it has read' : 'in a range that it has read'
  const message = `another commit ${did}${where}, ${what}; run the transaction again`
  return new VarveError('CONFLICT', message, {
    ...(typeof read === 'string'
      ? { key: decoded(read, encoding) }
      : {
          range: {
            gte: decoded(read.start, encoding),
            ...(read.end === null ? {} : { lt: decoded(read.end, encoding) }),
          },
          ...(write.end === undefined ? { key: decoded(write.key, encoding) } : {}),
        }),
    ...keyspaceOf(core?.keyspaceName),
  })
}

/** Of a check of an atomic operation. */
export function versionError(
  key: unknown,
  keyspace: string | undefined,
  expected: unknown,
  found: unknown,
): VarveError {
  const message =
    `the version of the key${inKeyspace(keyspace)} is ${String(found)}, not ${String(expected)}; ` +
    'read it again, then repeat the operation'
  return new VarveError('CONFLICT', message, { key, ...keyspaceOf(keyspace) })
}

function inKeyspace(name: string | undefined): string {
  return name === undefined ? '' : ` in keyspace '${name}'`
}

function keyspaceOf(name: string | undefined): { keyspace?: string } {
  return name === undefined ? {} : { keyspace: name }
}

function rangeOf(start: string, end: string | null): string {
  return `the keys from ${shown(start)} to ${end === null ? 'the last' : shown(end)}`
}

function shown(key: string): string {
  return printableKey(Buffer.from(key, 'latin1'))
}

function decoded(key: string, encoding: Encoding<unknown> | undefined): unknown {
  const bytes = Buffer.from(key, 'latin1')
  try {
    return encoding === undefined ? bytes : encoding.read(bytes, 0, bytes.length)
  } catch {
    // Show the bytes instead: the conflict is the error to report.
    return bytes
  }
}
