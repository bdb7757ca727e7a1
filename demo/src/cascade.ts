import type { CompactionEvent, Database } from 'varve'

/**
 * Records the compactions that each flush sets off: a full level is merged into the next, which
 * fills that one, and so on. Listens to `db` until `stop`.
 */
export class CascadeRecorder {
  #current: CompactionEvent[] = []
  #longest: CompactionEvent[] = []

  constructor(private readonly db: Pick<Database<unknown, unknown>, 'on' | 'off'>) {
    db.on('flush', this.#onFlush)
    db.on('compaction', this.#onCompaction)
  }

  /** The longest chain of compactions after one flush, from level 0 downwards. */
  get longest(): readonly CompactionEvent[] {
    return this.#longest
  }

  stop(): void {
    this.db.off('flush', this.#onFlush)
    this.db.off('compaction', this.#onCompaction)
  }

  readonly #onFlush = () => {
    this.#current = []
  }

  readonly #onCompaction = (event: CompactionEvent) => {
    const last = this.#current.at(-1)
    const continues =
      last === undefined ? event.inputLevels[0] === 0 : event.inputLevels[0] === last.outputLevel
    if (!continues) return
    this.#current.push(event)
    if (this.#current.length > this.#longest.length) this.#longest = [...this.#current]
  }
}
