import { isInRange, type ModelScan, type Write } from './oracle.js'

/** One call inside a transaction. */
export type TransactionStep =
  | { readonly type: 'write'; readonly writes: readonly Write[] }
  | { readonly type: 'get'; readonly key: string; readonly keyspace?: number }
  | { readonly type: 'scan'; readonly scan: ModelScan; readonly keyspace?: number }
  | { readonly type: 'savepoint' }
  /** Rolls back to the last savepoint, or does nothing if there is none. */
  | { readonly type: 'undo' }

/** A transaction as plain data. */
export interface TransactionPlan {
  readonly steps: readonly TransactionStep[]
  readonly end: 'commit' | 'commitSync' | 'rollback'
  /** Puts and deletes that others commit before the end; may be none. */
  readonly rival: readonly Write[]
  readonly sync: boolean
}

/** The keyspaces that a transaction uses. */
export function keyspacesOf({ steps, rival }: TransactionPlan): number[] {
  const used = steps.flatMap((step) => {
    if (step.type === 'write') return step.writes.map(({ keyspace = 0 }) => keyspace)
    return step.type === 'get' || step.type === 'scan' ? [step.keyspace ?? 0] : []
  })
  return [...new Set([...used, ...rival.map(({ keyspace = 0 }) => keyspace)])]
}

/** Whether the rival writes into something that the transaction reads or clears. */
export function meetsRival({ steps, rival }: TransactionPlan): boolean {
  return rival.some((write) => {
    if (write.type !== 'put' && write.type !== 'del') return true
    const { key, keyspace = 0 } = write
    return steps.some((step) => {
      if (step.type === 'get') return step.key === key && (step.keyspace ?? 0) === keyspace
      if (step.type === 'scan') {
        return (step.keyspace ?? 0) === keyspace && isInRange(key, step.scan)
      }
      if (step.type !== 'write') return false
      return step.writes.some(
        (own) =>
          own.type === 'clear' && (own.keyspace ?? 0) === keyspace && isInRange(key, own.range),
      )
    })
  })
}
