import { commandNamed, shellCommands, splitCommands } from './command-table.js'
import type { Reader } from './session.js'
import { splitUnfinished } from './lexer.js'
import { quoteWord, separator, type Quote, type Word } from './word.js'

/** Keys offered at most; more would scroll the line away that they are offered for. */
const maxKeysOffered = 60

/**
 * Words that could stand where the last one of `line` stands, and that last one as it was typed.
 */
export type Completion = [candidates: string[], typed: string]

export async function completeLine(
  line: string,
  reader: Reader,
  keyspaceNames: () => string[],
): Promise<Completion> {
  const { words, last, lastStart } = splitUnfinished(line)
  const typed = line.slice(lastStart)
  const [name, ...before] = currentCommand(words)
  if (name === undefined) return [startingWith(shellCommands.keys(), typed), typed]
  const wanted = commandNamed(name.text)?.complete?.(before, typed) ?? []
  const first = typed[0]
  const quote: Quote = first === '"' || first === "'" ? first : ''
  if (wanted === 'keyspaces') {
    const names = keyspaceNames().map((name) => quoteWord(Buffer.from(name), quote))
    return [startingWith(names, typed), typed]
  }
  if (wanted !== 'keys') return [startingWith(wanted, typed), typed]
  const keys = await keysWithPrefix(reader, last.bytes)
  return [keys.map((key) => quoteWord(key, quote)), typed]
}

/**
 * The first keys with a prefix and, when there are more, the very last one: the two ends have the
 * same beginning as all the keys between them, so Tab extends the line exactly as far as it may.
 */
async function keysWithPrefix(reader: Reader, prefix: Uint8Array): Promise<Uint8Array[]> {
  const range = prefix.length === 0 ? {} : { prefix }
  const keys: Uint8Array[] = []
  for await (const key of reader.keys({ ...range, limit: maxKeysOffered })) keys.push(key)
  if (keys.length === maxKeysOffered) {
    for await (const key of reader.keys({ ...range, reverse: true, limit: 1 })) keys.push(key)
  }
  return keys
}

/** The words of the command that the cursor is in. */
function currentCommand(words: readonly Word[]): readonly Word[] {
  const last = splitCommands(words).at(-1)
  const isNew = words.at(-1) === separator && last?.at(-1) !== separator
  return isNew || last === undefined ? [] : last
}

function startingWith(words: Iterable<string>, typed: string): string[] {
  return Array.from(words, (word) => `${word} `).filter((word) => word.startsWith(typed))
}
