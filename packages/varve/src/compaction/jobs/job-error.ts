import { VarveError } from '../../base/errors.js'
import type { JobError } from './job-request.js'

/** An error on its way out of a worker thread. `what` failed, if the error does not say so. */
export function describeError(error: unknown, what = 'a background job failed'): JobError {
  if (error instanceof VarveError) {
    const { code, message, path, file, offset, systemCode, stack } = error
    return withoutUndefined({ code, message, path, file, offset, systemCode, stack })
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  return withoutUndefined({ code: 'IO', message: `${what}: ${message}`, stack })
}

/** The error again, on the thread that asked for the job; `cause` keeps where it came from. */
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
