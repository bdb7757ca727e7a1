/** Where a log begins, in bytes of all logs since the first. */
interface LogPlace {
  readonly logNumber: number
  readonly startBytes: number
}

/**
 * Bytes of log between an old log and the newest. A keyspace with few writes would keep all
 * logs since its oldest unflushed write.
 *
 * Owned by: the Rotation.
 */
export class LogPins {
  /** Oldest first. At most as many as there are logs that may be needed. */
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

  /** A log begins after `startBytes` of logs since open. */
  begin(logNumber: number, startBytes: number): void {
    this.places.push({ logNumber, startBytes })
  }

  /** Logs below the result hold back too many bytes. `endBytes`: the end of the newest log. */
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
