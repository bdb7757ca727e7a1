import { AbstractSnapshot } from 'abstract-level'
import type { Snapshot } from 'varve'
import type { Data } from './level-encoding.js'

export interface SnapshotOptions {
  /** The database or sublevel that closes the snapshot when it closes itself. */
  readonly owner: object
}

/** Level's handle on a snapshot of the engine. */
export class LevelSnapshot extends AbstractSnapshot {
  isClosed = false

  constructor(
    options: SnapshotOptions,
    /** For reads through any view of the database. */
    readonly engine: Snapshot<Data, Data>,
  ) {
    // @ts-expect-error The declared class leaves out its constructor's parameter.
    super(options)
  }

  _close(): Promise<void> {
    this.isClosed = true
    this.engine.close()
    return Promise.resolve()
  }
}
