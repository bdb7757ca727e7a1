import { ioError, type VarveError } from '../base/errors.js'

/** The error by which a file system that is not the operating system's refuses an operation. */
export function systemError(operation: string, path: string, systemCode: string): VarveError {
  const cause = Object.assign(new Error(`${systemCode}: ${operation} ${path}`), {
    code: systemCode,
  })
  return ioError(operation, path, cause)
}
