import { VarveError } from '../../base/errors.js'

/** The bytes that a job may write, and the bytes that it must leave free. */
export interface SpaceNeed {
  readonly neededBytes: number
  readonly sparedBytes: number
}

/**
 * Checks whether the device has space for another job in addition to the running ones. The bytes
 * that those have already written count twice: as used space and as part of their claim. A refused
 * job is offered again when one of them ends.
 *
 * Owned by: the scheduler.
 */
export class DiskSpace {
  private claimedBytes = 0

  /**
   * `freeBytes` queries the device. If it fails, enough space is assumed, and a write may fail
   * later.
   */
  constructor(
    private readonly path: string,
    private readonly freeBytes: () => number,
  ) {}

  /** Claims space until `release`, or returns an error that says how much is missing. */
  claim({ neededBytes, sparedBytes }: SpaceNeed): VarveError | undefined {
    if (neededBytes > 0) {
      const freeBytes = this.queryDevice()
      const wantedBytes = this.claimedBytes + neededBytes + sparedBytes
      if (freeBytes < wantedBytes) return tooSmall(this.path, freeBytes, wantedBytes)
    }
    this.claimedBytes += neededBytes
    return undefined
  }

  release({ neededBytes }: SpaceNeed): void {
    this.claimedBytes -= neededBytes
  }

  private queryDevice(): number {
    try {
      return this.freeBytes()
    } catch {
      return Infinity
    }
  }
}

/** Whether an operation failed because the disk is full. */
export function isOutOfSpace({ systemCode }: VarveError): boolean {
  return systemCode === 'ENOSPC' || systemCode === 'EDQUOT'
}

function tooSmall(path: string, freeBytes: number, wantedBytes: number): VarveError {
  return new VarveError(
    'IO',
    `${path} has ${mebibytes(freeBytes)} of free space, but the next job may need ` +
      `${mebibytes(wantedBytes)}; free some space, and the job starts automatically`,
    { path, systemCode: 'ENOSPC' },
  )
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
