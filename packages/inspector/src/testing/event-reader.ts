import type { StreamMessages } from '../protocol/messages.js'

/** Reads a stream of server-sent events. */
export class EventReader implements AsyncDisposable {
  private text = ''

  private constructor(private readonly reader: ReadableStreamDefaultReader<string>) {}

  static async connect(url: string): Promise<EventReader> {
    const { body, status } = await fetch(`${url}events`)
    if (body === null || status !== 200) throw new Error(`no stream: ${status}`)
    return new EventReader(body.pipeThrough(new TextDecoderStream()).getReader())
  }

  /** The next message of this name; others are skipped. */
  async next<N extends keyof StreamMessages>(name: N): Promise<StreamMessages[N]> {
    for (;;) {
      const end = this.text.indexOf('\n\n')
      if (end < 0) {
        const { done, value } = await this.reader.read()
        if (done) throw new Error(`the stream ended before ${name}`)
        this.text += value
        continue
      }
      const event = this.text.slice(0, end)
      this.text = this.text.slice(end + 2)
      const match = /^event: (\w+)\ndata: (.*)$/s.exec(event)
      if (match?.[1] === name) return JSON.parse(match[2]) as StreamMessages[N]
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader.cancel()
  }
}
