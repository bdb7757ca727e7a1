/** Identifies a process among all others, past or present, on this machine or elsewhere. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time of the process, in a platform-specific unit; '' if unknown. */
  readonly startTime: string
  /** Identifies one boot of one machine; '' if unknown. */
  readonly bootId: string
  /** The namespace in which `pid` is valid; '' if unknown. */
  readonly pidNamespace: string
  readonly hostname: string
  /** Worker thread of the process, 0 for its main thread. Used only in messages. */
  readonly threadId: number
}

/** The process that requests a lock, and its way to check others. */
export interface LockOwner {
  readonly identity: ProcessIdentity
  /** Whether any thread of that process still runs. */
  isAlive(identity: ProcessIdentity): boolean
}

/** The content of a LOCK file and of a claim, as JSON. */
export interface LockRecord extends ProcessIdentity {
  /** Different for every attempt to acquire a lock. */
  readonly token: string
  readonly sinceMs: number
}

export function encodeLockRecord(record: LockRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`)
}

/** The record in `bytes`, or undefined when they hold none. */
export function decodeLockRecord(bytes: Buffer): LockRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as Record<string, unknown>
  const isWhole =
    isNumberIn(record['pid'], 1, 2 ** 32) &&
    isNumberIn(record['threadId'], 0, 2 ** 32) &&
    isNumberIn(record['sinceMs'], 0, maxDateMs) &&
    ['token', 'startTime', 'bootId', 'pidNamespace', 'hostname'].every(
      (field) => typeof record[field] === 'string',
    )
  return isWhole ? (value as LockRecord) : undefined
}

/** The latest time that JavaScript's Date can express. */
const maxDateMs = 8.64e15

function isNumberIn(value: unknown, low: number, high: number): boolean {
  return Number.isSafeInteger(value) && low <= (value as number) && (value as number) <= high
}
