import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import type { Command } from 'commander'
import { destroy } from 'varve'
import { describeDirectory } from 'varve/tools'
import { UsageError } from '../exit-code.js'

export interface CreateFlag {
  create?: boolean
}

/** For commands that make a database where there is none. */
export function addCreateFlag(command: Command): Command {
  return command.option('--create', 'make a database even in a directory that holds other files')
}

/**
 * Refuses to make a database among files that are not its own: most likely `--db` names the wrong
 * directory. A directory that is missing, is empty or holds a database is left to the engine.
 *
 * @throws UNSUPPORTED_FORMAT for a database of another engine, as `open` does
 */
export async function requireRoom(directory: string, { create }: CreateFlag): Promise<void> {
  if (create === true) return
  const names = namesIn(directory)
  if (names.includes('CURRENT')) return
  const others = names.filter((name) => !ownFile.test(name) && !harmless.has(name)).sort()
  if (others.length === 0) return
  await describeDirectory(directory)
  const shown = others.slice(0, maxNamesShown).join(', ')
  const more = others.length > maxNamesShown ? ', …' : ''
  throw new UsageError(
    `${directory} holds no database but other files (${shown}${more}); ` +
      'name another directory with --db, or make a database there with --create',
  )
}

/**
 * A database that a command makes. If the command fails before its first write, it removes the
 * database again. Owned by: the command.
 */
export class FreshDatabase {
  readonly #hadDirectory: boolean
  readonly #hadDatabase: boolean

  /** Requires: called before the database is opened. */
  constructor(private readonly directory: string) {
    this.#hadDirectory = existsSync(directory)
    this.#hadDatabase = namesIn(directory).some((name) => ownFile.test(name) || name === 'CURRENT')
  }

  /** Removes what the command has made. A database that was there before is left alone. */
  async remove(): Promise<void> {
    if (this.#hadDatabase) return
    await destroy(this.directory)
    if (!this.#hadDirectory) rmdirSync(this.directory)
  }
}

const maxNamesShown = 3

/** Files of a database that lost its CURRENT, or whose making was interrupted. */
const ownFile =
  /^(LOCK(\..+)?|READER\..+|CURRENT\.tmp|(MANIFEST-\d{6,16}|\d{6,16}\.(log|sst))(\.tmp)?)$/

/**
 * What version control, file managers and file systems leave in folders that are empty otherwise.
 */
const harmless = new Set([
  '.gitkeep',
  '.gitignore',
  '.keep',
  '.DS_Store',
  'Thumbs.db',
  'lost+found',
])

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // The engine creates it, or reports why it cannot be read.
  }
}
