import { systemReason } from './system-reason.js'

/** Stable error codes of Varve; these strings are public API and never change. */
export type ErrorCode =
  | 'CLOSED'
  | 'LOCKED'
  | 'CORRUPTION'
  | 'IO'
  | 'POISONED'
  | 'INVALID_ARGUMENT'
  | 'CONFLICT'
  | 'UNSUPPORTED_FORMAT'
  | 'UNSUPPORTED'
  | 'ABORTED'

/** The fields of an error besides its code and message. */
export interface ErrorDetails {
  /** Directory of the database, or the path passed to the operation. */
  path?: string
  /** File that has the fault. */
  file?: string
  /** Byte position of the fault in `file`. */
  offset?: number
  /** Name of the offending option, for `INVALID_ARGUMENT`. */
  option?: string
  /**
   * The key that was passed, if it or its value cannot be encoded or decoded. In
   * iterators: the decoded key, or its bytes when these cannot be decoded.
   */
  key?: unknown
  /**
   * For `CONFLICT`: the range that the transaction has read and another commit has written to. A
   * bound that cannot be decoded is shown as bytes; `lt` is missing if the range has no end.
   */
  range?: { gte: unknown; lt?: unknown }
  /** Name of the keyspace of `key` and `range`; missing for the default one. */
  keyspace?: string
  /** Position of the operation in a batch, or of the key in `getMany`, from 0. */
  index?: number
  /** The operating system's own code, such as `ENOSPC`, for `IO`. */
  systemCode?: string
  /** Process id of the owner, for `LOCKED`. */
  ownerPid?: number
  /** The underlying error. */
  cause?: unknown
}

/** The error that Varve throws on purpose. Branch on `code`, never on the message. */
export class VarveError extends Error {
  override readonly name = 'VarveError'
  readonly code: ErrorCode
  readonly path?: string
  readonly file?: string
  readonly offset?: number
  readonly option?: string
  readonly key?: unknown
  readonly range?: { readonly gte: unknown; readonly lt?: unknown }
  readonly keyspace?: string
  readonly index?: number
  readonly systemCode?: string
  readonly ownerPid?: number

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...fields } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    Object.assign(this, fields)
  }
}

export function closedError(what: string): VarveError {
  return new VarveError('CLOSED', `${what} is closed; open it again before using it`)
}

export function invalidArgument(message: string, option?: string): VarveError {
  return new VarveError('INVALID_ARGUMENT', message, option === undefined ? {} : { option })
}

export function corruption(file: string, offset: number, what: string): VarveError {
  return new VarveError('CORRUPTION', `${what} in ${file} at byte ${offset}`, { file, offset })
}

/** The message of a `corruption` without file and offset, for reports that show them separately. */
export function reasonOf({ message, file, offset }: VarveError): string {
  const place = ` in ${file} at byte ${offset}`
  return message.endsWith(place) ? message.slice(0, -place.length) : message
}

/** A file that this version of Varve cannot read, though it shows no damage. */
export function unsupportedFormat(file: string, what: string, offset?: number): VarveError {
  return new VarveError(
    'UNSUPPORTED_FORMAT',
    `${file} uses ${what}, which this version of Varve does not know; open it with a newer one`,
    offset === undefined ? { file } : { file, offset },
  )
}

/** A failed file operation; `cause` is the error that the file system threw. */
export function ioError(operation: string, path: string, cause: unknown): VarveError {
  const systemCode = systemCodeOf(cause)
  const reason = systemCode === undefined ? describeCause(cause) : systemReason(systemCode)
  return new VarveError('IO', `cannot ${operation} ${path}: ${reason}`, {
    path,
    file: path,
    cause,
    ...(systemCode === undefined ? {} : { systemCode }),
  })
}

/** Whether a file operation failed because the file or directory does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof VarveError && error.systemCode === 'ENOENT'
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function systemCodeOf(cause: unknown): string | undefined {
  if (typeof cause === 'object' && cause !== null && 'code' in cause) {
    return typeof cause.code === 'string' ? cause.code : undefined
  }
  return undefined
}
