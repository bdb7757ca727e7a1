import assert from 'node:assert/strict'
import { Oracle, type OracleState, toBytes, type Write } from '../kit/oracle.js'
import type { TransactionStep } from '../kit/transaction-plan.js'
import { assertEntries, assertSame, type BinaryDatabase, bytes } from './binary-stores.js'
import { type BinaryStore, type Stores, ttlOf } from './stores.js'

export type BinaryTransaction = ReturnType<BinaryDatabase['begin']>

/**
 * Runs the steps in the transaction, and compares its reads with those of a model that begins with
 * `base`. Returns the writes that were not undone.
 */
export function runSteps(
  tx: BinaryTransaction,
  stores: Stores,
  steps: readonly TransactionStep[],
  base: OracleState,
  nowMs: number,
): readonly Write[] {
  const storeOf = (keyspace = 0): BinaryStore =>
    keyspace === 0 ? tx : tx.keyspace(stores.of(keyspace))
  let writes: readonly Write[] = []
  const points: { readonly writes: readonly Write[]; readonly rollback: () => void }[] = []
  for (const step of steps) {
    if (step.type === 'savepoint') {
      const savepoint = tx.savepoint()
      points.push({ writes, rollback: () => savepoint.rollback() })
    } else if (step.type === 'undo') {
      const point = points.pop()
      point?.rollback()
      writes = point?.writes ?? writes
    } else if (step.type === 'write') {
      for (const write of step.writes) apply(storeOf(write.keyspace), write)
      writes = [...writes, ...step.writes]
    } else {
      const state = stateWith(base, writes, nowMs)
      if (step.type === 'get') {
        const found = storeOf(step.keyspace).getSync(bytes(step.key))
        assertSame(found, state.get(step.key, step.keyspace), 'getSync in a transaction')
      } else {
        const found = [...storeOf(step.keyspace).entries(toBytes(step.scan))]
        assertEntries(found, state.scan(step.scan, step.keyspace), 'a scan in a transaction')
      }
    }
  }
  return writes
}

/** What the reads among the steps return, as text. */
export function answersOf(
  steps: readonly TransactionStep[],
  base: OracleState,
  nowMs: number,
): string {
  let writes: readonly Write[] = []
  const points: (readonly Write[])[] = []
  const answers: unknown[] = []
  for (const step of steps) {
    if (step.type === 'savepoint') points.push(writes)
    else if (step.type === 'undo') writes = points.pop() ?? writes
    else if (step.type === 'write') writes = [...writes, ...step.writes]
    else {
      const state = stateWith(base, writes, nowMs)
      if (step.type === 'get') answers.push(state.get(step.key, step.keyspace) ?? null)
      else answers.push(state.scan(step.scan, step.keyspace))
    }
  }
  return JSON.stringify(answers)
}

function stateWith(base: OracleState, writes: readonly Write[], nowMs: number): OracleState {
  const oracle = new Oracle(base.entries, base.expiries)
  oracle.write(writes, nowMs)
  return oracle.state.at(nowMs)
}

function apply(store: BinaryStore, write: Write): void {
  if (write.type === 'put') store.putSync(bytes(write.key), write.value, ttlOf(write))
  else if (write.type === 'del') store.delSync(bytes(write.key))
  else {
    assert.ok(write.type === 'clear', 'a transaction cannot drop a keyspace')
    void store.clear(toBytes(write.range))
  }
}
