/** How reads that wait are done. Policy; see `ColdReads`. */
export interface ReadPace {
  /** Whether the next read may block the thread, with this number of other reads under way. */
  mayBlock(others: number): boolean
  /** Runs a synchronous read and takes its duration into account. */
  timed(read: () => void): void
}

/** Never blocks the thread. */
export const unhurriedPace: ReadPace = { mayBlock: () => false, timed: (read) => read() }

/** Blocks that one read of a file loads. */
export interface QueuedRead {
  readonly sizeBytes: number
  /** Reads now. */
  runSync(): void
  /** Reads in the thread pool. Never rejects: the reads that wait for a block get its error. */
  run(): Promise<void>
}

/** A file whose blocks wait in the queue. */
export interface QueuedFile {
  /** Takes a waiting block and its waiting neighbours out of the queue, as one read. */
  takeRead(index: number): QueuedRead | undefined
}

/** Reads handed to the thread pool at once: as many as a large pool can run. */
export const maxReadsInFlight = 64
/** Bytes of these reads, unless a single one is larger. */
export const maxBytesInFlight = 4 * 1024 * 1024
/** Started places at the front of the queue that are removed together. */
const startedPlaces = 1024

/**
 * Blocks that point reads wait for. The queue starts after the running code, which may request more
 * blocks, and reads neighbouring blocks of a table together. Reads run at the same time, in the
 * order in which they were asked for.
 *
 *     get × 64  →  7/12 9/3 7/40 7/13 …  →  [7/12 7/13] [9/3] [7/40] …  →  thread pool
 *
 * Owned by: the database, for all of its tables. Lives: as long as the database.
 * Invariants:
 * 1. At most `maxReadsInFlight` reads and `maxBytesInFlight` bytes are in flight, or one read.
 * 2. A read that waits starts when an earlier one ends, so none waits forever.
 */
export class ReadQueue {
  /** Waiting blocks, oldest first, from `head`. A block that a neighbour took along stays here. */
  private files: QueuedFile[] = []
  private indexes: number[] = []
  private head = 0
  private readsInFlight = 0
  private bytesInFlight = 0
  private isScheduled = false
  private next: QueuedRead | undefined

  constructor(private readonly pace: ReadPace = unhurriedPace) {}

  /** Adds a block of a file, which hands it out in `takeRead`. */
  add(file: QueuedFile, index: number): void {
    this.files.push(file)
    this.indexes.push(index)
    this.schedule()
  }

  private schedule(): void {
    if (this.isScheduled) return
    this.isScheduled = true
    queueMicrotask(this.start)
  }

  private readonly start = (): void => {
    this.isScheduled = false
    for (let read = this.peek(); read !== undefined; read = this.peek()) {
      if (this.pace.mayBlock(this.readsInFlight + this.files.length - this.head)) {
        this.next = undefined
        this.pace.timed(() => read.runSync())
        continue
      }
      if (this.isFull(read)) return
      this.next = undefined
      void this.run(read)
    }
  }

  /** The next read, which stays `next` until it starts. */
  private peek(): QueuedRead | undefined {
    while (this.next === undefined && this.head < this.files.length) {
      this.next = this.files[this.head].takeRead(this.indexes[this.head])
      this.head++
    }
    if (this.head === this.files.length || this.head === startedPlaces) {
      this.files.splice(0, this.head)
      this.indexes.splice(0, this.head)
      this.head = 0
    }
    return this.next
  }

  private isFull({ sizeBytes }: QueuedRead): boolean {
    if (this.readsInFlight === 0) return false
    return (
      this.readsInFlight === maxReadsInFlight || this.bytesInFlight + sizeBytes > maxBytesInFlight
    )
  }

  private async run(read: QueuedRead): Promise<void> {
    this.readsInFlight++
    this.bytesInFlight += read.sizeBytes
    await read.run()
    this.readsInFlight--
    this.bytesInFlight -= read.sizeBytes
    // After the reads that waited for this one, which may request more blocks.
    if (this.next !== undefined || this.head < this.files.length) this.schedule()
  }
}
