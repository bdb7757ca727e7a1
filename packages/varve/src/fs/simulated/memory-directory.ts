import { survivingNameChanges, type CrashFate } from './crash-fate.js'
import type { MemoryFile } from './memory-file.js'

export type MemoryNode = MemoryFile | MemoryDirectory

/** One atomic change of the names in a folder: `removed` is applied before `set`. */
interface NameChange {
  readonly removed?: string
  readonly set?: { readonly name: string; readonly node: MemoryNode }
}

/**
 * A folder in memory with its unsynced name changes.
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

  /** A new folder is durable immediately, as in the Node file system. */
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
    const copy = oncePerNode((node) => node.afterPowerLoss(fate))
    const crashed = new MemoryDirectory()
    for (const [name, node] of survivors) crashed.names.set(name, copy(node))
    crashed.sync()
    return crashed
  }

  afterProcessCrash(): MemoryDirectory {
    const copy = oncePerNode((node) => node.afterProcessCrash())
    const crashed = new MemoryDirectory()
    for (const [name, node] of this.names) crashed.names.set(name, copy(node))
    for (const [name, node] of this.synced) crashed.synced.set(name, copy(node))
    crashed.unsynced = this.unsynced.map(({ set, ...change }) =>
      set === undefined ? change : { ...change, set: { name: set.name, node: copy(set.node) } },
    )
    return crashed
  }
}

function applyNameChange(names: Map<string, MemoryNode>, change: NameChange): void {
  if (change.removed !== undefined) names.delete(change.removed)
  if (change.set !== undefined) names.set(change.set.name, change.set.node)
}

/** Copies a file with two names once, so that both names refer to the copy. */
function oncePerNode(makeCopy: (node: MemoryNode) => MemoryNode): (node: MemoryNode) => MemoryNode {
  const copies = new Map<MemoryNode, MemoryNode>()
  return (node) => {
    const copy = copies.get(node) ?? makeCopy(node)
    copies.set(node, copy)
    return copy
  }
}
