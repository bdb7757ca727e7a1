import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { UsageError } from '../exit-code.js'
import type { Io } from '../io.js'
import { decompressed } from './compression.js'
import { isStandardStream } from './row.js'
import { utf8TextOf } from './text-source.js'

const readChunkBytes = 256 * 1024

/**
 * The text of the file or of standard input; `bytes` counts what was read, before decompression.
 */
export class RowSource {
  bytes = 0

  private constructor(
    private readonly input: AsyncIterable<Uint8Array>,
    /** Size of the input, where it is a plain file. */
    readonly totalBytes: number | undefined,
  ) {}

  /** Without a file, or with the name `-`, it reads standard input. */
  static async open(file: string | undefined, stdin: Io['stdin']): Promise<RowSource> {
    if (isStandardStream(file)) {
      if (stdin.isTTY !== true) return new RowSource(stdin, undefined)
      throw new UsageError('name a file, or pipe rows into standard input')
    }
    const stats = await stat(file).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw new UsageError(`no such file: '${file}'`, { cause })
      throw cause
    })
    if (stats.isDirectory()) {
      throw new UsageError(`${file} is a directory; --from copies the database of another engine`)
    }
    const input = createReadStream(file, { highWaterMark: readChunkBytes })
    return new RowSource(input, stats.isFile() ? stats.size : undefined)
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    return utf8TextOf(decompressed(this.#counted()))
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.input) {
      this.bytes += chunk.length
      yield chunk
    }
  }
}
