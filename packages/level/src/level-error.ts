import { VarveError, type ErrorCode } from 'varve'

/**
 * The codes of errors that come from the engine; abstract-level has more, for errors of its own.
 */
export type LevelErrorCode =
  | 'LEVEL_DATABASE_NOT_OPEN'
  | 'LEVEL_LOCKED'
  | 'LEVEL_CORRUPTION'
  | 'LEVEL_IO_ERROR'
  | 'LEVEL_INVALID_ARGUMENT'
  | 'LEVEL_INVALID_KEY'
  | 'LEVEL_NOT_SUPPORTED'
  | 'LEVEL_ABORTED'

const levelCodes: Record<ErrorCode, LevelErrorCode> = {
  CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  LOCKED: 'LEVEL_LOCKED',
  CORRUPTION: 'LEVEL_CORRUPTION',
  IO: 'LEVEL_IO_ERROR',
  // As in LevelDB, whose writes fail with an I/O error until the database is reopened.
  POISONED: 'LEVEL_IO_ERROR',
  INVALID_ARGUMENT: 'LEVEL_INVALID_ARGUMENT',
  CONFLICT: 'LEVEL_NOT_SUPPORTED',
  UNSUPPORTED_FORMAT: 'LEVEL_NOT_SUPPORTED',
  UNSUPPORTED: 'LEVEL_NOT_SUPPORTED',
  ABORTED: 'LEVEL_ABORTED',
}

/** An error with a code of Level; the engine's own, with its file and offset, is the `cause`. */
export class LevelError extends Error {
  readonly code: LevelErrorCode

  constructor(code: LevelErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** Throws what the engine threw, in Level's words. */
export function rethrow(error: unknown): never {
  // Thrown by an encoding of this package.
  if (error instanceof VarveError && error.cause instanceof LevelError) throw error.cause
  throw error instanceof VarveError
    ? new LevelError(levelCodes[error.code], error.message, error)
    : error
}

/** What Level calls an operation that its AbortSignal ended. */
export function abortError(): Error {
  const error = new LevelError('LEVEL_ABORTED', 'Operation has been aborted')
  error.name = 'AbortError'
  return error
}
