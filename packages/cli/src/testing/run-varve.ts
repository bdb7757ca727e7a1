import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { runCommandLine } from '../program.js'

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Finished {
  exit: number
  out: string
  err: string
}

export type RunVarve = (args: string[], input?: string | Buffer) => Promise<Finished>

/**
 * `varve` on the database `data` in `folder`; in this process, as a process each would take
 * seconds.
 */
export function varveIn(folder: string): RunVarve {
  return async (args, input = '') => {
    const finished: Finished = { exit: 0, out: '', err: '' }
    const database = args.includes('--db') ? [] : ['--db', join(folder, 'data')]
    finished.exit = await runCommandLine([...args, ...database], {
      stdin: Readable.from(input.length === 0 ? [] : [Buffer.from(input)], { objectMode: false }),
      stdout: collecting((text) => (finished.out += text)),
      stderr: collecting((text) => (finished.err += text)),
    })
    return finished
  }
}

function collecting(add: (text: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      add(chunk.toString('utf8'))
      done()
    },
  })
}
