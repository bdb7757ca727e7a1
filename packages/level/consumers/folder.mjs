import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder that goes with the process. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'varve-consumer-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
