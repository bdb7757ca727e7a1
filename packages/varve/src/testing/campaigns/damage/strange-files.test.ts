import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { VarveError } from '../../../base/errors.js'
import { verify } from '../../../tools/verify/verify.js'
import { bytes, openBinary } from '../../harness/comparison.js'

/**
 * Directory entries that are not regular files. Each function returns why it cannot create one
 * here, or undefined.
 */
const strangers: Record<string, (path: string) => string | undefined> = {
  folder: (path) => void mkdirSync(path),
  pipe(path) {
    const made = spawnSync('mkfifo', [path])
    return made.status === 0 ? undefined : 'no mkfifo'
  },
  'link to an endless device'(path) {
    if (process.platform === 'win32') return 'no /dev/zero'
    symlinkSync('/dev/zero', path)
    return undefined
  },
  'link to itself': (path) => void symlinkSync(path, path),
}

for (const [kind, make] of Object.entries(strangers)) {
  test(`a ${kind} in place of a file causes an error`, async (t) => {
    const parent = mkdtempSync(join(tmpdir(), 'varve-strange-'))
    t.after(() => rmSync(parent, { recursive: true, force: true }))
    for (const name of await newDatabase(join(parent, 'names'))) {
      const directory = join(parent, name)
      await newDatabase(directory)
      const path = join(directory, name)
      rmSync(path, { force: true })
      const whyNot = make(path)
      if (whyNot !== undefined) return t.skip(whyNot)
      await tolerated(verify(directory))
      await tolerated(readAndWrite(directory))
    }
  })
}

/** Returns the names of the database's files and of its lock. */
async function newDatabase(directory: string): Promise<string[]> {
  const db = await openBinary(directory, { background: 'inline' })
  await db.put(bytes('in a table'), bytes('value'))
  await db.flush()
  await db.put(bytes('in the log'), bytes('value'))
  await db.close()
  return [...readdirSync(directory), 'LOCK']
}

async function readAndWrite(directory: string): Promise<void> {
  const db = await openBinary(directory, { background: 'inline' })
  try {
    assert.equal([...db.entries()].length, 2)
    await db.put(bytes('more'), bytes('value'))
  } finally {
    await db.close()
  }
}

async function tolerated(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof VarveError)) throw error
  })
}
