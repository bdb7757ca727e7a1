import type { ServerResponse } from 'node:http'
import type { StreamMessages } from '../protocol/messages.js'

/** A viewer with this many bytes in its queue gets no messages until it has caught up. */
const maxQueuedBytes = 4 << 20

/**
 * Server-sent events to one viewer. A slow viewer skips messages; then `onResume` runs, which
 * should send the whole state.
 *
 * Owned by: the Broadcast. Lives: until the connection ends.
 * Invariant: at most `maxQueuedBytes` and one message are queued.
 */
export class EventStream {
  private isSkipping = false

  constructor(
    private readonly response: ServerResponse,
    private readonly onResume: () => void,
  ) {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    // The browser reconnects after this time.
    response.write('retry: 1000\n\n')
    response.on('drain', () => this.resume())
  }

  send<N extends keyof StreamMessages>(name: N, message: StreamMessages[N]): void {
    this.sendText(eventText(name, message))
  }

  /** Sends what `eventText` returned. */
  sendText(text: string): void {
    if (this.isSkipping || this.response.writableEnded || this.response.destroyed) return
    if (this.response.writableLength > maxQueuedBytes) this.isSkipping = true
    else this.response.write(text)
  }

  end(): void {
    this.response.end()
  }

  private resume(): void {
    if (!this.isSkipping) return
    this.isSkipping = false
    this.onResume()
  }
}

/** A message as bytes of the stream; encoded once for all viewers. */
export function eventText<N extends keyof StreamMessages>(
  name: N,
  message: StreamMessages[N],
): string {
  return `event: ${name}\ndata: ${JSON.stringify(message)}\n\n`
}
