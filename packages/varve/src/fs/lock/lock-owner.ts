/** What tells one process from every other, past or present, on this machine or elsewhere. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the process started, in a unit of the platform; '' where it cannot be known. */
  readonly startTime: string
  /** One running of one machine; '' where it cannot be known. */
  readonly bootId: string
  /** Within which `pid` means something; '' where it cannot be known. */
  readonly pidNamespace: string
  readonly hostname: string
  /** Worker thread of the process, 0 for its main thread. For messages only. */
  readonly threadId: number
}

/** Who asks for a lock, and how it finds out about others. */
export interface LockOwner {
  readonly identity: ProcessIdentity
  /** Whether that process, in whichever of its threads, still runs. */
  isAlive(identity: ProcessIdentity): boolean
}

/** What stands in a LOCK file and in a claim, as JSON. */
export interface LockRecord extends ProcessIdentity {
  /** Different for every attempt to get a lock. */
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

/** The last moment that JavaScript's Date can express. */
const maxDateMs = 8.64e15

function isNumberIn(value: unknown, low: number, high: number): boolean {
  return Number.isSafeInteger(value) && low <= (value as number) && (value as number) <= high
}
