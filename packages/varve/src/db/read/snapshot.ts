import { inspect, type InspectOptions } from 'node:util'
import { closedError } from '../../base/errors.js'
import { inspected } from './inspection.js'
import type { ReadCore } from './read-core.js'
import { Reader } from './reader.js'
import type { SnapshotList } from './snapshot-list.js'

/**
 * The database as it was at one moment, whatever is written afterwards. Compaction keeps what a
 * snapshot sees, so close it (or declare it with `using`) when it has served.
 */
export class Snapshot<K, V> extends Reader<K, V> implements Disposable {
  private isClosed = false

  /** Made by `db.snapshot()`. */
  constructor(
    core: ReadCore,
    private readonly list: SnapshotList,
    /** The last write that it sees. */
    readonly sequence: number,
  ) {
    super(core)
    list.add(sequence)
  }

  /** Lets go of what only this snapshot sees. Closing twice does nothing. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.list.remove(this.sequence)
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** What `console.log` shows. */
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
