import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'

/** In memory where there is such a folder: these tests ask nothing of the disk. */
const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A new folder, removed after the test, or after all tests of the file. */
export function temporaryFolder(t?: TestContext): string {
  const folder = mkdtempSync(join(parent, 'varve-level-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  if (t === undefined) after(remove)
  else t.after(remove)
  return folder
}
