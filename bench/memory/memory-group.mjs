import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const v1Root = '/sys/fs/cgroup/memory'
const v2Root = '/sys/fs/cgroup'
const removeTries = 50

/**
 * A control group that limits memory: that of its processes, and of the files that they have read,
 * as the system caches them.
 *
 * Owned by: the campaign. Lives: until `remove`.
 */
export class MemoryGroup {
  #path
  #limitFile

  constructor(path, limitFile) {
    this.#path = path
    this.#limitFile = limitFile
  }

  /** Undefined where the system allows no group: measurements then run without a limit. */
  static create(name) {
    const isV1 = existsSync(join(v1Root, 'memory.limit_in_bytes'))
    const path = join(isV1 ? v1Root : v2Root, name)
    const limitFile = join(path, isV1 ? 'memory.limit_in_bytes' : 'memory.max')
    try {
      if (!isV1) writeFileSync(join(v2Root, 'cgroup.subtree_control'), '+memory')
      mkdirSync(path)
    } catch {
      return undefined
    }
    if (existsSync(limitFile)) return new MemoryGroup(path, limitFile)
    rmdirSync(path)
    return undefined
  }

  /** A process that writes its id here joins the group. */
  get processesFile() {
    return join(this.#path, 'cgroup.procs')
  }

  /** Cached file pages beyond the limit are dropped. */
  limit(bytes) {
    writeFileSync(this.#limitFile, String(bytes))
  }

  unlimit() {
    writeFileSync(this.#limitFile, this.#limitFile.endsWith('max') ? 'max' : '-1')
  }

  /** Requires: its processes have ended. The system may take a moment to notice. */
  async remove() {
    for (let tries = 0; existsSync(this.#path); tries++) {
      try {
        rmdirSync(this.#path)
      } catch (error) {
        if (tries === removeTries) throw error
        await sleep(100)
      }
    }
  }
}

/** Moves this process into a group. Children and threads follow. */
export function joinGroup(processesFile) {
  if (processesFile !== undefined) writeFileSync(processesFile, String(process.pid))
}

/** Bytes that this process read through system calls, and bytes that came from the disk. */
export function readBytes() {
  try {
    const text = readFileSync('/proc/self/io', 'utf8')
    const of = (name) => Number(new RegExp(`${name}: (\\d+)`).exec(text)[1])
    return { called: of('rchar'), fromDisk: of('read_bytes') }
  } catch {
    return { called: NaN, fromDisk: NaN }
  }
}
