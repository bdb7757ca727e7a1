import { assert } from '../../base/assert.js'
import { invalidArgument, VarveError } from '../../base/errors.js'
import type { Tree } from '../../tree/tree.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import { type KeyspaceRecord, maxKeyspaceId } from '../../version/keyspace-record.js'
import type { VersionSet } from '../../version/version-set.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'
import type { EditsAfterLogs } from '../background/edits-after-logs.js'
import type { ObsoleteFiles } from '../background/obsolete-files.js'
import type { TreePolicies } from '../background/tree-policies.js'
import {
  mergedOptions,
  type ResolvedKeyspaceOptions,
  storedOptions,
  treeOptionsOf,
} from '../options/keyspace-options.js'
import type { ResolvedOptions } from '../options/open-options.js'
import type { KeyspaceHandle } from '../read/keyspace-handle.js'
import type { OpenKeyspaces } from '../read/open-keyspaces.js'
import type { CommitPipeline } from '../write/commit-pipeline.js'
import { missingKeyspace, requireSameEncodings } from './find-keyspace.js'

export interface KeyspaceCatalogParts {
  readonly options: ResolvedOptions
  readonly versions: VersionSet
  readonly trees: TreeRegistry
  readonly keyspaces: OpenKeyspaces
  readonly newTree: (record: KeyspaceRecord) => Tree
  readonly log: WriteAheadLog
  readonly edits: EditsAfterLogs
  readonly pipeline: CommitPipeline
  readonly policies: TreePolicies
  readonly obsolete: ObsoleteFiles
  readonly assertOpen: () => void
  /** Starts jobs that are due. */
  readonly pump: () => void
}

/** A record that is not durable yet. */
interface PendingRecord {
  readonly record: KeyspaceRecord
  readonly done: Promise<void>
}

/** Records that will be written with the next edit. */
interface Draft {
  readonly records: KeyspaceRecord[]
  readonly done: Promise<void>
}

/**
 * Creates, changes and drops keyspaces. Each change is an edit of the MANIFEST and takes effect
 * when the edit is durable. Keyspaces that are opened in the same turn share an edit.
 *
 * Owned by: the Database that owns the directory.
 *
 * Invariant 1: no operation of a keyspace is logged before the edit that creates it is durable, or
 * after the edit that drops it is written.
 * Invariant 2: one edit that creates or changes keyspaces is written at a time.
 */
export class KeyspaceCatalog {
  private readonly pending = new Map<string, PendingRecord>()
  private readonly dropping = new Map<string, Promise<void>>()
  private draft: Draft | undefined
  private writing: Promise<void> = Promise.resolve()
  private nextId: number

  constructor(private readonly parts: KeyspaceCatalogParts) {
    this.nextId = parts.versions.nextKeyspace
  }

  /** Resolves when the keyspace exists and has these options. */
  async open(options: ResolvedKeyspaceOptions): Promise<KeyspaceHandle> {
    const { name } = options
    for (let drop = this.dropping.get(name); drop !== undefined; drop = this.dropping.get(name)) {
      // The call of `drop` reports its failure.
      await drop.catch(() => {})
    }
    const { id } = await this.recordWith(options)
    const { trees, keyspaces, assertOpen } = this.parts
    assertOpen()
    if (trees.get(id) === undefined) throw droppedMeanwhile(name)
    return keyspaces.handleOf(id, name, trees)
  }

  /** The steps are described in docs/ARCHITECTURE.md. */
  async drop(handle: KeyspaceHandle): Promise<void> {
    this.parts.assertOpen()
    handle.assertOpen()
    handle.beginDrop()
    const drop = this.runDrop(handle)
    this.dropping.set(handle.name, drop)
    try {
      await drop
    } finally {
      this.dropping.delete(handle.name)
    }
  }

  /** Returns the record of the keyspace once it is durable. */
  private async recordWith(options: ResolvedKeyspaceOptions): Promise<KeyspaceRecord> {
    const { name, createIfMissing } = options
    const pending = this.pending.get(name)
    const known = pending?.record ?? this.parts.versions.keyspaceNamed(name)
    if (known === undefined) {
      if (!createIfMissing) throw missingKeyspace(name)
      const record = { id: this.newId(), name, options: mergedOptions(undefined, options) }
      await this.write(record)
      return record
    }
    const stored = storedOptions(known)
    requireSameEncodings(name, stored, options)
    const merged = mergedOptions(stored, options)
    if (merged !== known.options) await this.write({ ...known, options: merged })
    else await pending?.done
    return known
  }

  private newId(): number {
    if (this.nextId > maxKeyspaceId) {
      throw invalidArgument(
        `a database can create at most ${maxKeyspaceId} keyspaces, including dropped ones; ` +
          `use key prefixes for short-lived data, or copy the data to a new database`,
      )
    }
    return this.nextId++
  }

  /** Writes the record with the next edit. */
  private write(record: KeyspaceRecord): Promise<void> {
    const draft = (this.draft ??= this.newDraft())
    draft.records.push(record)
    this.pending.set(record.name, { record, done: draft.done })
    return draft.done
  }

  private newDraft(): Draft {
    const records: KeyspaceRecord[] = []
    const done = this.writing.then(() => this.writeDraft(records))
    this.writing = done.catch(() => {})
    return { records, done }
  }

  private async writeDraft(records: readonly KeyspaceRecord[]): Promise<void> {
    const { versions, pipeline, assertOpen } = this.parts
    // Later requests go into the next edit.
    this.draft = undefined
    try {
      assertOpen()
      pipeline.assertNotPoisoned()
      const keyspaces = records.filter((record) => !this.isGone(record))
      await versions.applyEditAsync({ keyspaces }).catch((error: unknown) => this.fail(error))
      for (const record of keyspaces) this.show(record)
    } finally {
      for (const record of records) {
        const { name } = record
        if (this.pending.get(name)?.record === record) this.pending.delete(name)
      }
    }
  }

  /** Whether the keyspace of the record has been dropped since. */
  private isGone({ id }: KeyspaceRecord): boolean {
    const { trees, versions } = this.parts
    return id < versions.nextKeyspace && trees.get(id)?.isDropped !== false
  }

  /** Creates the tree of a new keyspace, or sets the new options of an old one. */
  private show(record: KeyspaceRecord): void {
    const { trees, newTree, policies, options, versions } = this.parts
    if (versions.keyspaceNamed(record.name)?.id !== record.id) return
    const known = trees.get(record.id)
    if (known === undefined) {
      const tree = newTree(record)
      trees.add(tree)
      policies.add(tree)
      return
    }
    const before = known.options.compaction
    known.options = treeOptionsOf(record, options)
    const { compaction } = known.options
    if (JSON.stringify(before) !== JSON.stringify(compaction)) policies.of(known).set(compaction)
  }

  private async runDrop(handle: KeyspaceHandle): Promise<void> {
    const { pipeline, assertOpen } = this.parts
    const { tree } = handle.current
    try {
      // New writes are refused from now on. Submitted ones are committed first.
      await pipeline.betweenGroups(() => {
        assertOpen()
        pipeline.assertNotPoisoned()
        return this.applyDrop(tree)
      })
    } catch (error) {
      handle.endDrop(false)
      throw error
    }
    handle.endDrop(true)
    this.remove(handle)
  }

  /** Requires: every operation of the keyspace is in its memtables. */
  private async applyDrop(tree: Tree): Promise<void> {
    const { trees, edits, log, pump } = this.parts
    tree.isDropped = true
    trees.filled.delete(tree)
    const logNumber = trees.firstNeededLog() ?? log.logNumber
    try {
      await edits.applyEditAsync({ droppedKeyspaces: [tree.keyspace], logNumber })
    } catch (error) {
      tree.isDropped = false
      if (tree.hasUnflushed) trees.filled.add(tree)
      pump()
      this.fail(error)
    }
  }

  /** A drop that failed may be in the MANIFEST, and would then take later writes along. */
  private fail(error: unknown): never {
    const { versions, pipeline } = this.parts
    throw versions.isPoisoned ? pipeline.poisonWith(error) : error
  }

  private remove({ id, current }: KeyspaceHandle): void {
    const { trees, versions, keyspaces, policies, pipeline, log, obsolete } = this.parts
    const { tree } = current
    assert(trees.get(id) === tree, 'a keyspace is dropped only once')
    keyspaces.forget(id)
    policies.remove(tree)
    pipeline.forget(tree)
    trees.remove(tree)
    tree.closeAfterJobs()
    log.dropBefore(versions.logNumber)
    obsolete.removeLogsBelow(versions.logNumber)
  }
}

function droppedMeanwhile(name: string): VarveError {
  return new VarveError('CLOSED', `keyspace '${name}' was dropped while it was opening`)
}
