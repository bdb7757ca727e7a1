import { createHash } from 'node:crypto'
import type { FileOperation } from '../../../fs/simulated/faulty-file-system.js'
import type { FileSystem } from '../../../fs/file-system.js'
import { simulatedPath } from './scenario.js'

/** The number of trace lines kept as text. */
const keptLines = 30

/**
 * The hash of a run: every file operation, and every byte of the files after each step. Two runs
 * of one scenario that differ anywhere have different hashes.
 */
export class Trace {
  private readonly hash = createHash('sha256')
  private lines: string[] = []

  operation({ kind, path, to, bytes, index }: FileOperation): void {
    // The content of LOCK names the process that runs the simulation.
    const size = isLock(path) ? '' : ` ${bytes ?? ''}`
    this.note(`${index} ${kind} ${path}${to === undefined ? '' : ` → ${to}`}${size}`)
  }

  note(line: string): void {
    this.hash.update(line).update('\n')
    this.lines.push(line)
    if (this.lines.length >= 2 * keptLines) this.lines = this.lines.slice(-keptLines)
  }

  files(fs: FileSystem): void {
    if (!fs.exists(simulatedPath)) return
    for (const name of fs.list(simulatedPath).sort()) {
      const path = `${simulatedPath}/${name}`
      if (isLock(path)) continue
      const file = fs.openForRead(path)
      const bytes = Buffer.alloc(file.sizeBytes())
      file.read(bytes, 0, bytes.length, 0)
      file.close()
      this.hash.update(name).update(bytes)
    }
  }

  /** The last few lines. */
  get end(): string {
    return this.lines.slice(-keptLines).join('\n')
  }

  /** Returns the hash. No call may follow. */
  digest(): string {
    return this.hash.digest('hex')
  }
}

function isLock(path: string): boolean {
  return path.includes('/LOCK')
}
