/** Where a log begins, in bytes of all logs since the first. */
interface LogPlace {
  readonly logNumber: number
  readonly startBytes: number
}

/**
 * Measures the bytes from an old log to the newest. Without a limit, a keyspace with few writes
 * would keep all logs since its oldest unflushed write.
 *
 * Owned by: the Rotation.
 */
export class LogPins {
  /** The logs that may be needed, oldest first. */
  private places: LogPlace[] = []

  constructor(
    private readonly maxPinnedBytes: number,
    replayed: readonly { readonly logNumber: number; readonly sizeBytes: number }[],
  ) {
    let startBytes = -replayed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    for (const { logNumber, sizeBytes } of replayed) {
      this.places.push({ logNumber, startBytes })
      startBytes += sizeBytes
    }
  }

  /** Adds a log that begins after `startBytes` of logs since open. */
  begin(logNumber: number, startBytes: number): void {
    this.places.push({ logNumber, startBytes })
  }

  /**
   * Logs below the returned number are too far from the newest one. `endBytes`: the end of the
   * newest log.
   */
  firstAffordableLog(endBytes: number): number {
    const { places, maxPinnedBytes } = this
    let first = 0
    while (first < places.length - 1 && endBytes - places[first].startBytes > maxPinnedBytes) {
      first++
    }
    this.places = places.slice(first)
    return this.places[0]?.logNumber ?? 0
  }
}
