import type {
  HistoryStep,
  KeyPage,
  ReadAnswer,
  ValueAnswer,
} from '../../../src/protocol/answers.js'
import type { LiveState } from './live-state.js'

/** Where the page gets a database from: a server, or later an engine within the page. */
export interface Source {
  readonly state: LiveState
  /** Calls the listener after each change; returns what ends it. */
  subscribe(listener: () => void): () => void
  read(key: Uint8Array): Promise<ReadAnswer>
  value(key: Uint8Array): Promise<ValueAnswer>
  keys(prefix: Uint8Array, after?: string): Promise<KeyPage>
  /** The bytes of a block with its trailer. */
  block(fileNumber: number, offset: number, sizeBytes: number): Promise<Uint8Array>
  history(): Promise<HistoryStep[]>
  /** Needs `allowWrites`. */
  change(what: 'flush' | 'compact'): Promise<void>
}
