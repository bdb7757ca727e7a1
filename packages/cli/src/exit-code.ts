import { VarveError } from 'varve'

/** What the shell that started us reads; these numbers are part of the command's interface. */
export const exitCode = { ok: 0, failed: 1, usage: 2, notFound: 3 } as const

/** The command line asks for something that makes no sense; nothing was opened or changed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** `get` of a key that is not there: the library's `undefined`, made visible to scripts. */
export class KeyNotFoundError extends Error {
  override readonly name = 'KeyNotFoundError'
}

/** Data that cannot be shown, imported or exported as asked. */
export class DataError extends Error {
  override readonly name = 'DataError'
}

/** Ends the command with an exit code when everything has been said already. */
export class ExitRequest extends Error {
  constructor(readonly exitCode: number) {
    super(`exit with ${exitCode}`)
  }
}

/** A reported failure: a stable code for programs, a message for people. */
export interface Failure {
  code: string
  message: string
  exitCode: number
}

export function describeFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof VarveError) {
    // The advice that follows names options of the API.
    const text = message.replace(/(holds no database); .*/, '$1')
    return { code: error.code, message: text, exitCode: exitCode.failed }
  }
  if (error instanceof UsageError) return { code: 'USAGE', message, exitCode: exitCode.usage }
  if (error instanceof KeyNotFoundError) {
    return { code: 'NOT_FOUND', message, exitCode: exitCode.notFound }
  }
  if (error instanceof DataError) return { code: 'DATA', message, exitCode: exitCode.failed }
  if (isSystemError(error)) return { code: error.code, message, exitCode: exitCode.failed }
  return { code: 'INTERNAL', message, exitCode: exitCode.failed }
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
