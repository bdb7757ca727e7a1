import { EventEmitter } from 'node:events'
import { invalidArgument } from '../../base/errors.js'
import { describe } from '../../batch/encoding.js'
import type { DatabaseEvents } from '../api.js'
import { requireKnown } from '../options/arguments.js'
import { channels } from './channels.js'

/**
 * Reports background events to listeners and to subscribers of the channels. An exception in a
 * listener does not affect the engine.
 */
export class DatabaseEventEmitter {
  private readonly emitter = new EventEmitter<DatabaseEvents>()

  /** `database`: the directory that messages name. */
  constructor(private readonly database: string) {}

  on<E extends keyof DatabaseEvents>(
    event: E,
    listener: (...args: DatabaseEvents[E]) => void,
  ): void {
    requireEvent(event, listener)
    this.emitter.on(event, listener as never)
  }

  off<E extends keyof DatabaseEvents>(
    event: E,
    listener: (...args: DatabaseEvents[E]) => void,
  ): void {
    requireEvent(event, listener)
    this.emitter.off(event, listener as never)
  }

  /** Listeners run in a microtask of their own, never in the middle of a commit. */
  emit<E extends keyof DatabaseEvents>(event: E, ...args: DatabaseEvents[E]): void {
    if (this.emitter.listenerCount(event) === 0 && !channels[event].hasSubscribers) return
    queueMicrotask(() => {
      this.publish(event, ...args)
      // An 'error' event without a listener would be thrown.
      if (this.emitter.listenerCount(event) > 0) this.emitter.emit(event, ...(args as never))
    })
  }

  removeAll(): void {
    this.emitter.removeAllListeners()
  }

  private publish<E extends keyof DatabaseEvents>(event: E, ...[what]: DatabaseEvents[E]): void {
    if (!channels[event].hasSubscribers) return
    const { database } = this
    const content = what instanceof Error ? { error: what } : what
    channels[event].publish({ database, ...content } as never)
  }
}

const eventNames: Record<keyof DatabaseEvents, true> = {
  flush: true,
  compaction: true,
  policy: true,
  stall: true,
  error: true,
  warning: true,
}

function requireEvent(event: unknown, listener: unknown): void {
  requireKnown({ [String(event)]: true }, eventNames, 'event')
  if (typeof listener === 'function') return
  throw invalidArgument(`a listener must be a function, not ${describe(listener)}`)
}
