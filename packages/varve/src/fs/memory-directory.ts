import { survivingNameChanges, type CrashFate } from './crash-fate.js'
import type { MemoryFile } from './memory-file.js'

export type MemoryNode = MemoryFile | MemoryDirectory

/** One atomic change of the names in a folder: `removed` goes, then `set` comes. */
interface NameChange {
  readonly removed?: string
  readonly set?: { readonly name: string; readonly file: MemoryFile }
}

/**
 * A folder in memory and the changes of its names that were not synced.
 *
 * Invariant: `synced` with `unsynced` applied in order is `names`.
 */
export class MemoryDirectory {
  private names = new Map<string, MemoryNode>()
  private synced = new Map<string, MemoryNode>()
  private unsynced: NameChange[] = []

  list(): string[] {
    return [...this.names.keys()]
  }

  get(name: string): MemoryNode | undefined {
    return this.names.get(name)
  }

  /** A new folder is durable at once, as in the Node file system. */
  addDirectory(name: string): MemoryDirectory {
    const directory = new MemoryDirectory()
    this.names.set(name, directory)
    this.synced.set(name, directory)
    return directory
  }

  change(change: NameChange): void {
    applyNameChange(this.names, change)
    this.unsynced.push(change)
  }

  sync(): void {
    this.synced = new Map(this.names)
    this.unsynced = []
  }

  afterPowerLoss(fate: CrashFate): MemoryDirectory {
    const survivors = new Map(this.synced)
    for (const change of survivingNameChanges(this.unsynced, fate)) {
      applyNameChange(survivors, change)
    }
    const copies = new Map<MemoryFile, MemoryFile>()
    const crashed = new MemoryDirectory()
    for (const [name, node] of survivors) {
      if (node instanceof MemoryDirectory) crashed.names.set(name, node.afterPowerLoss(fate))
      else
        crashed.names.set(
          name,
          copyOnce(node, copies, (file) => file.afterPowerLoss(fate)),
        )
    }
    crashed.sync()
    return crashed
  }

  afterProcessCrash(): MemoryDirectory {
    const copies = new Map<MemoryNode, MemoryNode>()
    const copy = <T extends MemoryNode>(node: T): T =>
      copyOnce(node, copies as Map<T, T>, (original) => original.afterProcessCrash() as T)
    const crashed = new MemoryDirectory()
    for (const [name, node] of this.names) crashed.names.set(name, copy(node))
    for (const [name, node] of this.synced) crashed.synced.set(name, copy(node))
    crashed.unsynced = this.unsynced.map((change) =>
      change.set === undefined
        ? change
        : { ...change, set: { name: change.set.name, file: copy(change.set.file) } },
    )
    return crashed
  }
}

function applyNameChange(names: Map<string, MemoryNode>, change: NameChange): void {
  if (change.removed !== undefined) names.delete(change.removed)
  if (change.set !== undefined) names.set(change.set.name, change.set.file)
}

/** Two names of one file stay two names of one file. */
function copyOnce<T>(original: T, copies: Map<T, T>, makeCopy: (original: T) => T): T {
  let copy = copies.get(original)
  if (copy === undefined) copies.set(original, (copy = makeCopy(original)))
  return copy
}
