import { UsageError } from '../exit-code.js'
import { maxLineBytes } from '../terminal/lines.js'
import { jsonStart, separator, toWord, type Quote, type Word } from './word.js'

/**
 * Splits shell input into words, a line at a time: a quote or a bracket may stay open over lines.
 *
 *   'it is'    as it stands, up to the next single quote
 *   "it\tis"   with \n \r \t \xNN; before any other character the backslash is dropped
 *   {"a": 1}   JSON as it stands, up to the bracket that closes it; likewise [1, 2]
 *   it\ is     \blank, \;, \\ and \xNN escape; before any other character the backslash stays
 *   ;          ends a command
 *   # text     a comment, where a command could begin
 *
 * A quote counts only at the start of a word. Each character is looked at once, however many lines
 * a word has.
 */
export class Lexer {
  readonly words: Word[] = []
  /** The word that the end of the last line left open. */
  open: OpenWord | undefined
  /** Where the last word begins and ends in the last line, for completion. */
  lastStart = 0
  lastEnd = 0
  #length = 0

  /** Reads the next line. */
  feed(line: string): void {
    this.#length += line.length + 1
    if (this.#length > maxLineBytes) {
      throw new UsageError(`a command is longer than ${maxLineBytes} characters`)
    }
    let position = this.open === undefined ? 0 : this.#continueWord(line, this.open, 0)
    while (this.open === undefined) {
      while (isBlank(line[position])) position++
      if (position >= line.length || (line[position] === '#' && this.#isAtCommand())) return
      this.lastStart = position
      position = this.#readWord(line, position)
      this.lastEnd = position
    }
  }

  /** Throws when a word is still open. */
  end(): void {
    if (this.open === undefined) return
    const what = this.open.kind === 'json' ? 'bracket' : 'quote'
    throw new UsageError(`a ${what} is not closed: ${firstLine(this.open.parts[0])}`)
  }

  #isAtCommand(): boolean {
    return this.words.length === 0 || this.words.at(-1) === separator
  }

  /** Reads the word at `start`; returns the position after it. */
  #readWord(line: string, start: number): number {
    const first = line[start]
    if (first === ';') {
      this.words.push(separator)
      return start + 1
    }
    jsonStart.lastIndex = start
    const isJson = jsonStart.test(line)
    if (isJson || first === '"' || first === "'") {
      this.open = new OpenWord(isJson ? 'json' : (first as Quote), start)
      return this.#continueWord(line, this.open, start)
    }
    const end = bareEnd(line, start)
    this.words.push(toWord(unescape(line.slice(start, end), bareEscape), false))
    return end
  }

  /**
   * Reads on in a quoted or JSON word; returns the position after it, the line's end if it is open.
   */
  #continueWord(line: string, open: OpenWord, start: number): number {
    const end = open.findEnd(line, start)
    if (end === undefined) {
      open.parts.push(line.slice(start))
      return line.length
    }
    open.parts.push(line.slice(start, end))
    if (end < line.length && !isBlank(line[end]) && line[end] !== ';') {
      const what = open.kind === 'json' ? 'bracket' : 'quote'
      throw new UsageError(
        `a blank must follow the closing ${what}: ${firstLine(open.parts[0])}${line.slice(end)}`,
      )
    }
    this.words.push(open.word())
    this.open = undefined
    return end
  }
}

/** A quoted or JSON word while it is read. */
export class OpenWord {
  /** Its lines so far, opening quote included. */
  readonly parts: string[] = []
  #depth = 0
  #inString = false

  constructor(
    readonly kind: Quote | 'json',
    readonly start: number,
  ) {}

  /** The position after the word's end in `line`, searched from `start`. */
  findEnd(line: string, start: number): number | undefined {
    if (this.kind === 'json') return this.#findJsonEnd(line, start)
    for (let i = this.parts.length === 0 ? start + 1 : start; i < line.length; i++) {
      if (line[i] === this.kind) return i + 1
      if (line[i] === '\\' && this.kind === '"') i++
    }
    return undefined
  }

  /** The word as far as it was read. */
  word(closed = true): Word {
    const text = this.parts.join('\n')
    if (this.kind === 'json') return toWord(Buffer.from(text), true)
    const body = text.slice(1, closed ? -1 : undefined)
    return toWord(this.kind === '"' ? unescape(body, quotedEscape) : Buffer.from(body), true)
  }

  #findJsonEnd(line: string, start: number): number | undefined {
    for (let i = start; i < line.length; i++) {
      const character = line[i]
      if (character === '"') this.#inString = !this.#inString
      else if (this.#inString) i += character === '\\' ? 1 : 0
      else if (character === '{' || character === '[') this.#depth++
      else if (character === '}' || character === ']') {
        this.#depth--
        if (this.#depth === 0) return i + 1
      }
    }
    return undefined
  }
}

export function splitWords(text: string): Word[] {
  const lexer = new Lexer()
  lexer.feed(text)
  lexer.end()
  return lexer.words
}

/** The words before the cursor, the last of them perhaps unfinished or empty, for completion. */
export function splitUnfinished(line: string): { words: Word[]; last: Word; lastStart: number } {
  const lexer = new Lexer()
  lexer.feed(line)
  const { words, open } = lexer
  if (open !== undefined) return { words, last: open.word(false), lastStart: open.start }
  const last = words.at(-1)
  const isTyping = last?.quoted === false && last !== separator && lexer.lastEnd === line.length
  if (!isTyping) return { words, last: toWord(Buffer.alloc(0), false), lastStart: line.length }
  return { words: words.slice(0, -1), last, lastStart: lexer.lastStart }
}

const bareEscape = /\\(x[0-9a-f]{2}|[\\; \t])/gi
const quotedEscape = /\\(x[0-9a-f]{2}|[^])/giu
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function unescape(text: string, escape: RegExp): Buffer {
  const pieces: Buffer[] = []
  let position = 0
  for (const match of text.matchAll(escape)) {
    const [whole, meant] = match
    pieces.push(Buffer.from(text.slice(position, match.index)))
    if (meant.length === 3) pieces.push(Buffer.from(meant.slice(1), 'hex'))
    else pieces.push(Buffer.from(controls[meant] ?? meant))
    position = match.index + whole.length
  }
  pieces.push(Buffer.from(text.slice(position)))
  return Buffer.concat(pieces)
}

/** Not a regular expression: one would need stack for each character of a long value. */
function bareEnd(line: string, start: number): number {
  let end = start
  while (end < line.length && !isBlank(line[end]) && line[end] !== ';') {
    end += line[end] === '\\' && isBareEscape(line[end + 1]) ? 2 : 1
  }
  return end
}

function isBareEscape(character: string | undefined): boolean {
  return character === '\\' || character === ';' || isBlank(character)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

const maxQuotedLength = 60

function firstLine(text: string): string {
  return text.length <= maxQuotedLength ? text : `${text.slice(0, maxQuotedLength)}…`
}
