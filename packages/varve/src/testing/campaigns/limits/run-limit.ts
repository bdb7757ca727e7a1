import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { limits } from './limits.js'

interface LimitResult {
  readonly size: number
  readonly peakMiB: number
  readonly maxMiB: number
  /** Undefined if the limit holds. */
  readonly problem: string | undefined
}

const childPath = fileURLToPath(new URL('./child.js', import.meta.url))

/** Runs the limit in a process of its own, so that its memory can be measured. */
export async function runLimit(
  name: string,
  scale: 'small' | 'full',
  parent: string,
): Promise<LimitResult> {
  const limit = limits[name]
  const size = limit.size[scale]
  const directory = mkdtempSync(join(parent, 'varve-limit-'))
  const child = fork(childPath, [name, join(directory, 'db'), String(size)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let peakMiB = 0
  let errors = ''
  child.on('message', (told) => (peakMiB = told as number))
  child.stderr!.on('data', (chunk) => (errors += String(chunk)))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  rmSync(directory, { recursive: true, force: true })
  const maxMiB = Math.round(limit.maxMiB(size))
  let problem: string | undefined
  if (code !== 0) problem = `ended with ${signal ?? code}: ${errors}`
  else if (peakMiB > maxMiB) problem = `used ${peakMiB} MiB, more than ${maxMiB}`
  return { size, peakMiB, maxMiB, problem }
}
