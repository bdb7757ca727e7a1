import { inspect, type InspectOptions } from 'node:util'
import { closedError } from '../../base/errors.js'
import { inspected } from './inspection.js'
import type { ReadCore } from './read-core.js'
import { Reader } from './reader.js'
import type { SnapshotList } from './snapshot-list.js'

/**
 * The state of the database at one point in time, unaffected by later writes. Compaction keeps the
 * entries that a snapshot sees, so close it when you are done, or declare it with `using`.
 */
export class Snapshot<K, V> extends Reader<K, V> implements Disposable {
  private isClosed = false

  /** Created by `db.snapshot()`. */
  constructor(
    core: ReadCore,
    private readonly list: SnapshotList,
    /** The last write that it sees. */
    readonly sequence: number,
  ) {
    super(core)
    list.add(sequence)
  }

  /** Releases the entries that only this snapshot sees. Calling it again does nothing. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.list.remove(this.sequence)
  }

  /** Like `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const fields = { sequence: this.sequence, isOpen: !this.isClosed }
    return inspected('Snapshot', fields, depth, options)
  }

  protected override visibleSequence(): number {
    this.readCore.assertOpen()
    if (this.isClosed) throw closedError('this snapshot')
    return this.sequence
  }
}
