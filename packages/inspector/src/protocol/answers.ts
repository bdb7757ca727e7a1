import type { TreeEdit } from './tree.js'

/** Answer of `api/read`. Bytes are base64. */
export interface ReadAnswer {
  readonly outcome: 'found' | 'deleted' | 'expired' | 'absent'
  readonly durationMs: number
  readonly steps: readonly ReadStep[]
}

/** A place that the read searched. */
export interface ReadStep {
  readonly place: 'memtable' | 'immutable memtable' | 'table'
  readonly verdict: 'found' | 'deleted' | 'expired' | 'range-deleted' | 'absent'
  readonly sequence?: number
  readonly durationMs: number
  readonly level?: number
  readonly fileNumber?: number
  readonly filter?: 'absent' | 'perhaps' | 'none'
  readonly filterProbes?: {
    readonly lineIndex: number
    readonly lineCount: number
    readonly line: string
    readonly bits: readonly { readonly bit: number; readonly isSet: boolean }[]
  }
  readonly indexSearch?: readonly {
    readonly low: number
    readonly high: number
    readonly index: number
    readonly separator: string
    readonly next: 'left' | 'right'
  }[]
  readonly indexEntry?: { readonly index: number; readonly separator: string }
  readonly block?: {
    readonly offset: number
    readonly sizeBytes: number
    readonly cached: boolean
    readonly entryCount: number
  }
  readonly timesMs?: { readonly filter: number; readonly index: number; readonly block: number }
}

/** Answer of `api/keys`: what follows a prefix, in order of the keys. */
export interface KeyPage {
  readonly items: readonly KeyItem[]
  /** Pass it as `after` to get the next page; missing on the last one. */
  readonly next?: string
}

/** A key, or all keys that share a prefix up to a delimiter. */
export type KeyItem =
  | { readonly kind: 'key'; readonly key: string }
  | {
      readonly kind: 'group'
      readonly prefix: string
      readonly keyCount: number
      /** Whether there are more keys than were counted. */
      readonly hasMore: boolean
      /** On disk, approximately. */
      readonly sizeBytes: number
    }

/** Answer of `api/value`. */
export type ValueAnswer =
  | { readonly found: false }
  | {
      readonly found: true
      readonly sizeBytes: number
      /** The first bytes, as base64. */
      readonly start: string
    }

/** A line of `api/history`, in order of time. Starts with an edit that holds the whole tree. */
export interface HistoryStep extends TreeEdit {
  /** Offset of the edit in the MANIFEST. */
  readonly offset: number
  /** Whether `atMs` is known, or only taken from the step before. */
  readonly timed: boolean
}
