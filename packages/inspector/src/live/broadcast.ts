import type { ServerResponse } from 'node:http'
import type { Database, DatabaseEvents } from 'varve'
import type { ResolvedInspectorOptions } from '../options.js'
import type { Hello, Note } from '../protocol/messages.js'
import { EventStream, eventText } from '../server/event-stream.js'
import { Sampler } from './sampler.js'
import { TreeDiffer } from './tree-differ.js'

/** Pages that may be open at a time. */
export const maxViewers = 16
/** The tree is compared at most this often, however many flushes and compactions end. */
const minTreeMs = 200

/** A database whose keys and values are bytes. */
export type BinaryDatabase = Database<Uint8Array, Uint8Array>

/**
 * Sends the state of a database to all viewers.
 *
 * Owned by: the inspector. Lives: until it is closed.
 * Invariants:
 * 1. Without viewers there is no timer and no listener: the database does no work for it.
 * 2. Every viewer has the tree that `differ` has, or is skipping messages.
 */
export class Broadcast {
  private readonly viewers = new Set<EventStream>()
  private readonly differ = new TreeDiffer()
  private readonly sampler: Sampler
  private timer: NodeJS.Timeout | undefined
  private treeTimer: NodeJS.Timeout | undefined
  private isTicking = false

  constructor(
    private readonly db: BinaryDatabase,
    private readonly options: ResolvedInspectorOptions,
    private readonly onClosed: () => void,
  ) {
    this.sampler = new Sampler(db)
  }

  get viewerCount(): number {
    return this.viewers.size
  }

  /** Whether the database is being watched. For tests. */
  get isWatching(): boolean {
    return this.timer !== undefined
  }

  /** Streams to `response` until it closes. Returns false if too many pages are open. */
  add(response: ServerResponse): boolean {
    if (this.viewers.size >= maxViewers) return false
    const levels = this.db.levels()
    const viewer = new EventStream(response, () => this.resync())
    this.viewers.add(viewer)
    response.on('close', () => this.remove(viewer))
    if (this.viewers.size === 1) this.start()
    else this.sendEdit()
    viewer.send('hello', this.hello())
    // The others have this tree already, by the edit.
    viewer.send('tree', this.differ.state(levels, Date.now()))
    viewer.send('sample', this.sampler.take())
    return true
  }

  /** Ends all streams. */
  close(): void {
    this.stop()
    for (const viewer of this.viewers) {
      viewer.send('closed', {})
      viewer.end()
    }
    this.viewers.clear()
  }

  private hello(): Hello {
    const { follow, allowWrites, sampleMs } = this.options
    const keyspaces = this.db.keyspaces().map(({ name }) => name)
    return { path: this.db.path, follows: follow, allowWrites, sampleMs, keyspaces }
  }

  private start(): void {
    for (const event of watchedEvents) this.listen(event)
    this.sampler.start()
    this.timer = setInterval(() => void this.tick(), this.options.sampleMs).unref()
  }

  private stop(): void {
    clearInterval(this.timer)
    clearTimeout(this.treeTimer)
    this.timer = undefined
    this.treeTimer = undefined
    this.sampler.stop()
    for (const event of watchedEvents) this.ignore(event)
  }

  private listen<E extends keyof DatabaseEvents>(event: E): void {
    this.db.on(event, this.listeners[event])
  }

  private ignore<E extends keyof DatabaseEvents>(event: E): void {
    this.db.off(event, this.listeners[event])
  }

  private remove(viewer: EventStream): void {
    if (this.viewers.delete(viewer) && this.viewers.size === 0) this.stop()
  }

  /** A refresh may take longer than the interval; then the next tick is skipped. */
  private async tick(): Promise<void> {
    if (this.isTicking) return
    this.isTicking = true
    try {
      if (this.options.follow) await this.db.refresh()
      if (!this.isWatching) return
      if (this.options.follow) this.sendEdit()
      this.toAll(eventText('sample', this.sampler.take()))
    } catch (error) {
      this.failed(error)
    } finally {
      this.isTicking = false
    }
  }

  private sendEdit(): void {
    const edit = this.differ.edit(this.db.levels(), Date.now())
    if (edit !== undefined) this.toAll(eventText('edit', edit))
  }

  /** After a viewer skipped messages: the whole tree, to all. */
  private resync(): void {
    try {
      this.toAll(eventText('tree', this.differ.state(this.db.levels(), Date.now())))
    } catch (error) {
      this.failed(error)
    }
  }

  private treeChanged(): void {
    this.treeTimer ??= setTimeout(() => {
      this.treeTimer = undefined
      try {
        this.sendEdit()
      } catch (error) {
        this.failed(error)
      }
    }, minTreeMs).unref()
  }

  private failed(error: unknown): void {
    const { code = 'INTERNAL', message = String(error) } = error as {
      code?: string
      message?: string
    }
    if (code === 'CLOSED') this.onClosed()
    else this.toAll(eventText('note', { atMs: Date.now(), kind: 'error', code, message }))
  }

  private note(note: Note): void {
    this.toAll(eventText('note', note))
  }

  private toAll(text: string): void {
    for (const viewer of this.viewers) viewer.sendText(text)
  }

  private readonly listeners: {
    [E in keyof DatabaseEvents]: (...args: DatabaseEvents[E]) => void
  } = {
    flush: (event) => {
      this.note({ atMs: Date.now(), kind: 'flush', event })
      this.treeChanged()
    },
    compaction: (event) => {
      this.note({ atMs: Date.now(), kind: 'compaction', event })
      this.treeChanged()
    },
    policy: (event) => this.note({ atMs: Date.now(), kind: 'policy', event }),
    stall: (event) => this.note({ atMs: Date.now(), kind: 'stall', event }),
    error: ({ code, message }) => this.note({ atMs: Date.now(), kind: 'error', code, message }),
    warning: ({ code, message }) => this.note({ atMs: Date.now(), kind: 'warning', code, message }),
  }
}

const watchedEvents = ['flush', 'compaction', 'policy', 'stall', 'error', 'warning'] as const
