import type {
  HistoryStep,
  KeyPage,
  ReadAnswer,
  ValueAnswer,
} from '../../../src/protocol/answers.js'
import type { StreamMessages } from '../../../src/protocol/messages.js'
import { fromBase64, toBase64Url } from './bytes.js'
import { afterMessage, emptyState, type LiveState } from './live-state.js'
import type { Source } from './source.js'

const messageNames: readonly (keyof StreamMessages)[] = [
  'hello',
  'tree',
  'edit',
  'sample',
  'note',
  'closed',
]

/** A database on the server that the page came from. */
export class ServerSource implements Source {
  state: LiveState = emptyState
  private readonly listeners = new Set<() => void>()

  constructor() {
    const events = new EventSource('events')
    events.onerror = () => {
      if (this.state.connection !== 'closed') this.set({ ...this.state, connection: 'lost' })
    }
    for (const name of messageNames) {
      events.addEventListener(name, ({ data }: MessageEvent<string>) => {
        if (name === 'closed') events.close()
        this.set(afterMessage(this.state, name, JSON.parse(data) as StreamMessages[typeof name]))
      })
    }
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  read(key: Uint8Array): Promise<ReadAnswer> {
    return ask(`api/read?key=${toBase64Url(key)}`)
  }

  value(key: Uint8Array): Promise<ValueAnswer> {
    return ask(`api/value?key=${toBase64Url(key)}`)
  }

  keys(prefix: Uint8Array, after?: string): Promise<KeyPage> {
    const start = after === undefined ? '' : `&after=${toBase64Url(fromBase64(after))}`
    return ask(`api/keys?prefix=${toBase64Url(prefix)}${start}`)
  }

  async block(fileNumber: number, offset: number, sizeBytes: number): Promise<Uint8Array> {
    const response = await fetch(`api/block?file=${fileNumber}&offset=${offset}&size=${sizeBytes}`)
    await check(response)
    return new Uint8Array(await response.arrayBuffer())
  }

  async history(): Promise<HistoryStep[]> {
    const response = await fetch('api/history')
    await check(response)
    const lines = (await response.text()).split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HistoryStep)
  }

  async change(what: 'flush' | 'compact'): Promise<void> {
    await check(await fetch(`api/${what}`, { method: 'POST' }))
  }

  private set(state: LiveState): void {
    this.state = state
    for (const listener of this.listeners) listener()
  }
}

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path)
  await check(response)
  return (await response.json()) as T
}

/** Throws what the server answered instead. */
async function check(response: Response): Promise<void> {
  if (response.ok) return
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  throw new Error(isJson ? (JSON.parse(text) as { message: string }).message : text.trim())
}
