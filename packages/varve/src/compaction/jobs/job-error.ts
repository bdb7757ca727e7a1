import { VarveError } from '../../base/errors.js'
import type { JobError } from './job-request.js'

/**
 * Describes an error for another thread. `what` names the failed work, for errors that are not
 * Varve's.
 */
export function describeError(error: unknown, what = 'a background job failed'): JobError {
  if (error instanceof VarveError) {
    const { code, message, path, file, offset, systemCode, stack } = error
    return withoutUndefined({ code, message, path, file, offset, systemCode, stack })
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  return withoutUndefined({ code: 'IO', message: `${what}: ${message}`, stack })
}

/** Recreates the error on the thread that submitted the job. `cause` keeps the original stack. */
export function reviveError(error: JobError): VarveError {
  const { code, message, stack, ...details } = error
  return new VarveError(code, message, {
    ...details,
    ...(stack === undefined ? {} : { cause: stack }),
  })
}

type Loose<T> = { [K in keyof T]: T[K] | undefined }

function withoutUndefined(error: Loose<JobError>): JobError {
  return Object.fromEntries(
    Object.entries(error).filter(([, value]) => value !== undefined),
  ) as unknown as JobError
}
