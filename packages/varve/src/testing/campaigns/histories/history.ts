/** A part of the keys: from `gte` up to, but excluding, `lt`. */
export interface Span {
  readonly gte: string
  readonly lt: string
}

/** One call of a transaction and its result. Every put writes another value. */
export type Step =
  | { readonly type: 'get'; readonly key: string; readonly found: number | undefined }
  | {
      readonly type: 'scan'
      readonly span: Span
      readonly reverse: boolean
      readonly limit: number
      readonly found: readonly (readonly [string, number])[]
    }
  | { readonly type: 'put'; readonly key: string; readonly value: number }
  | { readonly type: 'del'; readonly key: string }
  | { readonly type: 'clear'; readonly span: Span }

/** A transaction, or a call outside of one, as its client saw it. */
export interface Execution {
  readonly name: string
  readonly steps: readonly Step[]
  /** Ticks of one clock: before its first step, and after its end. */
  readonly startTick: number
  readonly endTick: number
  /** False: rolled back or refused. No other execution may see its writes. */
  readonly isCommitted: boolean
}

/** What all clients saw. At its start, all keys are absent. */
export interface History {
  /** All keys that occur, in order. */
  readonly keys: readonly string[]
  readonly executions: readonly Execution[]
}

/** Whether `before` ended before `after` began. */
export function precedes(before: Execution, after: Execution): boolean {
  return before.endTick < after.startTick
}
