import type { Writable } from 'node:stream'

const chunkLength = 64 * 1024

/**
 * Text on its way to a stream that may be slower than the database, or gone.
 *
 * Lines are collected to chunks; a full chunk waits until the stream has taken it, so a scan never
 * runs ahead of its reader. When the reader has left (`varve scan | head`), `closed` turns true and
 * everything further is dropped: for the command that is a reason to stop, not an error.
 */
export class Output {
  closed = false
  #chunk = ''
  #failure: Error | undefined

  /** Whether a person reads the stream: then no raw bytes go out. */
  get isTerminal(): boolean {
    return (this.stream as Writable & { isTTY?: boolean }).isTTY === true
  }

  constructor(private readonly stream: Writable) {
    stream.on('error', this.#onError)
  }

  /** Adds a line; resolves at once, or when the stream has taken the chunk that it filled. */
  line(text: string): Promise<void> | undefined {
    this.#chunk += text + '\n'
    return this.#chunk.length >= chunkLength ? this.flush() : undefined
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk
    this.#chunk = ''
    if (chunk !== '') await this.bytes(chunk)
  }

  /** Writes at once. Requires: nothing is pending. */
  async bytes(data: string | Uint8Array): Promise<void> {
    if (!this.closed) {
      // The callback comes after an 'error' event of the same write was seen, or just before it.
      await new Promise<void>((resolve) => {
        this.stream.write(data, (error) => {
          if (error) this.#onError(error)
          resolve()
        })
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Ends a stream that is ours, a file; standard output stays open. */
  async end(): Promise<void> {
    await this.flush()
    await new Promise<void>((resolve) => this.stream.end(resolve))
    if (this.#failure !== undefined) throw this.#failure
  }

  readonly #onError = (error: Error): void => {
    this.closed = true
    const { code } = error as NodeJS.ErrnoException
    const readerLeft = code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
    if (!readerLeft) this.#failure ??= error
  }
}
