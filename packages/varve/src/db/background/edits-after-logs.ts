import type { VarveError } from '../../base/errors.js'
import type { EditLog } from '../../compaction/schedule/scheduler.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { VersionEdit } from '../../version/version-edit.js'
import type { WriteAheadLog } from '../../wal/write-ahead-log.js'

export interface EditsAfterLogsParts {
  readonly edits: EditLog
  readonly log: WriteAheadLog
  readonly trees: TreeRegistry
  /** Refuses all writes from now on, because a sync failed. */
  readonly poison: (cause: unknown) => VarveError
}

/** An edit that waits for a sync of the logs. */
interface WaitingEdit {
  readonly edit: VersionEdit
  isApplied: boolean
}

/**
 * Applies edits. If an edit makes only a part of a commit durable, syncs the logs first. A flush
 * writes one keyspace's part of a batch to a table. After a power loss, the parts of the other
 * keyspaces must not be missing from the log. A drop has the same effect on everything before it.
 *
 *     batch: users a, orders b ─▶ flush of users (durable: a) ─▶ power loss ─▶ b must be in a log
 *
 * Owned by: the database. Adds no sync if only the default keyspace exists.
 */
export class EditsAfterLogs implements EditLog {
  private readonly waiting: WaitingEdit[] = []
  /** Settles when the last waiting edit is written or has failed. */
  private lastWritten: Promise<unknown> = Promise.resolve()

  constructor(private readonly parts: EditsAfterLogsParts) {}

  applyEdit(edit: VersionEdit): void {
    if (this.needsLogs(edit)) this.syncNow()
    this.parts.edits.applyEdit(edit)
  }

  applyEditAsync(edit: VersionEdit): Promise<void> {
    // A drop must not overtake a flush of the same keyspace.
    const mustWait = this.waiting.length > 0 && edit.droppedKeyspaces !== undefined
    if (mustWait || this.needsLogs(edit)) return this.applyLater(edit)
    return this.parts.edits.applyEditAsync(edit)
  }

  finishEdits(): void {
    const { waiting, parts } = this
    if (waiting.length > 0) this.syncNow()
    for (const entry of waiting.splice(0)) {
      entry.isApplied = true
      parts.edits.applyEdit(entry.edit)
    }
    parts.edits.finishEdits()
  }

  private needsLogs({ added = [], deleted = [], droppedKeyspaces = [] }: VersionEdit): boolean {
    const { trees, log } = this.parts
    if (trees.isSingle || !log.needsSync) return false
    const isFlush = deleted.length === 0 && added.some(({ level }) => level === 0)
    return isFlush || droppedKeyspaces.length > 0
  }

  private async applyLater(edit: VersionEdit): Promise<void> {
    const { edits, log, poison } = this.parts
    const entry: WaitingEdit = { edit, isApplied: false }
    this.waiting.push(entry)
    const synced = Promise.all([this.lastWritten, log.syncAsync()])
    const durable = synced.then(
      () => {
        if (entry.isApplied) return {}
        this.waiting.splice(this.waiting.indexOf(entry), 1)
        // In an object, so that the next edit waits for the write alone.
        return { sync: edits.applyEditAsync(edit) }
      },
      (error: unknown) => {
        if (!entry.isApplied) this.waiting.splice(this.waiting.indexOf(entry), 1)
        throw poison(error)
      },
    )
    this.lastWritten = durable.catch(() => {})
    await (
      await durable
    ).sync
  }

  private syncNow(): void {
    const { log, poison } = this.parts
    try {
      log.sync()
    } catch (error) {
      throw poison(error)
    }
  }
}
