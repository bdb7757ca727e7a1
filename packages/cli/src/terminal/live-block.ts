import { cursorTo, moveCursor } from 'node:readline'
import type { Io } from '../io.js'

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
// Without wrapping, a line takes one row however narrow the terminal is, so rows can be counted.
const noWrap = '\x1b[?7l'
const wrap = '\x1b[?7h'
const clearToLineEnd = '\x1b[K'
const clearBelow = '\x1b[J'

/**
 * Text on a terminal that is redrawn in its place. Lines that do not fit are cut, at the right and
 * at the bottom. Owned by: one command. Lives: until `end`, which leaves the last text standing.
 */
export class LiveBlock {
  #rows = 0

  constructor(private readonly stream: Io['stdout'] & { rows?: number }) {}

  show(text: string): void {
    const { stream } = this
    const lines = text.split('\n').slice(0, Math.max(1, (stream.rows ?? 24) - 1))
    stream.write(hideCursor + noWrap)
    if (this.#rows > 0) moveCursor(stream, 0, -this.#rows)
    cursorTo(stream, 0)
    stream.write(lines.map((line) => `${line}${clearToLineEnd}\n`).join('') + clearBelow)
    this.#rows = lines.length
  }

  end(): void {
    // The terminal may have echoed ^C where the next prompt begins.
    this.stream.write(`\r${clearToLineEnd}${wrap}${showCursor}`)
  }
}
