import { VarveError } from '../../base/errors.js'

/** What a job may write, and what it must leave to others. */
export interface SpaceNeed {
  readonly neededBytes: number
  readonly sparedBytes: number
}

/**
 * Tells whether the device has room for another job, beside those that run. What those have written
 * already is counted twice, for it is in neither figure that the operating system gives; a job that
 * was refused is asked for again when one of them ends.
 *
 * Owned by: the scheduler.
 */
export class DiskSpace {
  private claimedBytes = 0

  /** `freeBytes` asks the device; if that fails, there is room, and writing will show. */
  constructor(
    private readonly path: string,
    private readonly freeBytes: () => number,
  ) {}

  /** Claims room until `release`; or returns why there is none. */
  claim({ neededBytes, sparedBytes }: SpaceNeed): VarveError | undefined {
    if (neededBytes > 0) {
      const freeBytes = this.askDevice()
      const wantedBytes = this.claimedBytes + neededBytes + sparedBytes
      if (freeBytes < wantedBytes) return tooSmall(this.path, freeBytes, wantedBytes)
    }
    this.claimedBytes += neededBytes
    return undefined
  }

  release({ neededBytes }: SpaceNeed): void {
    this.claimedBytes -= neededBytes
  }

  private askDevice(): number {
    try {
      return this.freeBytes()
    } catch {
      return Infinity
    }
  }
}

/** Whether an operation failed for want of space. */
export function isOutOfSpace({ systemCode }: VarveError): boolean {
  return systemCode === 'ENOSPC' || systemCode === 'EDQUOT'
}

function tooSmall(path: string, freeBytes: number, wantedBytes: number): VarveError {
  return new VarveError(
    'IO',
    `${path} has ${mebibytes(freeBytes)} of free space, and what is to be written next may take ` +
      `${mebibytes(wantedBytes)}: make room; the work goes on by itself`,
    { path, systemCode: 'ENOSPC' },
  )
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
