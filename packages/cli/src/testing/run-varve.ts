import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const mainFile = fileURLToPath(new URL('../main.js', import.meta.url))

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Finished {
  exit: number | null
  out: string
  err: string
}

/** Runs the compiled command as a person would, in a process of its own. */
export type RunVarve = (args: string[], input?: string) => Promise<Finished>

/** `varve` with `folder` as its working directory, and `./data` there as its database. */
export function varveIn(folder: string): RunVarve {
  return (args, input = '') => {
    const env = { ...process.env, VARVE_DB: '', NO_COLOR: '1' }
    const child = spawn(process.execPath, [mainFile, ...args], { cwd: folder, env })
    const finished: Finished = { exit: null, out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (finished.out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (finished.err += text))
    // A command that wants no input may be gone before it is written.
    child.stdin.on('error', () => {}).end(input)
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exit) => resolve({ ...finished, exit }))
    })
  }
}
