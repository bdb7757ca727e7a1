import type { Readable, Writable } from 'node:stream'

/** The streams that a command talks through: those of the process, or a test's own. */
export interface Io {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean }
  stderr: Writable & { isTTY?: boolean }
}
