import { printableKey } from '../../base/bytes/bytes.js'
import { invalidArgument, VarveError } from '../../base/errors.js'
import type { Encoding } from '../../batch/encoding.js'
import type { RecordedWrite } from '../write/conflict-index.js'

/** A write to something that a transaction has read. */
export interface Conflict {
  readonly write: RecordedWrite
  /** The key that was read; undefined if an iterator read a range. */
  readonly key: string | undefined
}

export function tooLarge(): VarveError {
  return invalidArgument(
    "the transaction takes more memory than 'maxTransactionBytes'; " +
      'split it, or raise the option at open',
    'maxTransactionBytes',
  )
}

export function tooOld(): VarveError {
  return new VarveError(
    'CONFLICT',
    'the transaction took too long: writes since its start are no longer recorded; run it again',
  )
}

/**
 * The error of a conflict. `encoding`: of the keys; undefined if the transaction does not know it.
 */
export function conflictError(
  { write, key }: Conflict,
  encoding: Encoding<unknown> | undefined,
): VarveError {
  const bytes = Buffer.from(key ?? write.key, 'latin1')
  const did =
    write.end === undefined ? `has written ${shown(write.key)}` : `has cleared ${rangeOf(write)}`
  const read = key === undefined ? 'in a range that this transaction has read' : 'which it has read'
  const message = `another commit ${did}, ${read}; run the transaction again`
  return new VarveError('CONFLICT', message, { key: decoded(bytes, encoding) })
}

/** The error of a failed check of an atomic operation. */
export function versionError(key: unknown, expected: unknown, found: unknown): VarveError {
  const message =
    `the key has version ${String(found)}, not ${String(expected)}; ` +
    'read it again, then repeat the operation'
  return new VarveError('CONFLICT', message, { key })
}

function rangeOf({ key, end }: Conflict['write']): string {
  return `the keys from ${shown(key)} to ${end == null ? 'the last' : shown(end)}`
}

function shown(key: string): string {
  return printableKey(Buffer.from(key, 'latin1'))
}

function decoded(bytes: Buffer, encoding: Encoding<unknown> | undefined): unknown {
  try {
    return encoding === undefined ? bytes : encoding.read(bytes, 0, bytes.length)
  } catch {
    // Show the bytes instead: the conflict is the error to report.
    return bytes
  }
}
