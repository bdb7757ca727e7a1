import type { Clock } from '../../base/clock.js'
import { invalidArgument, VarveError } from '../../base/errors.js'
import { Prng } from '../../base/prng.js'
import { describe } from '../../batch/encoding.js'
import { requireKnown, requireObject } from '../options/arguments.js'
import type { Transaction } from './transaction.js'

/** Options of `db.transaction`. */
export interface TransactionOptions {
  /**
   * How often a conflicting transaction runs again before it fails with CONFLICT.
   *
   * Values: 0 to 1000. Default: 10.
   */
  retries?: number
  /** Resolve only when the commit survives power loss. Default: false. */
  sync?: boolean
  /** Ends the transaction with ABORTED before its next run or its commit. */
  signal?: AbortSignal
}

const optionNames = { retries: true, sync: true, signal: true }
const defaultRetries = 10
/** Longest wait before a retry. Waits start at 1 ms and double. */
const maxWaitMs = 100

export interface CheckedTransactionOptions {
  readonly retries: number
  readonly sync: boolean
  readonly signal: AbortSignal | undefined
}

/** Throws INVALID_ARGUMENT. */
export function checkTransactionOptions(options: TransactionOptions): CheckedTransactionOptions {
  requireObject(options, 'the options of a transaction')
  requireKnown(options, optionNames, 'transaction option')
  const { retries = defaultRetries, sync = false, signal } = options
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 1000)) {
    const message = `'retries' must be a whole number from 0 to 1000, not ${describe(retries)}`
    throw invalidArgument(message, 'retries')
  }
  if (typeof sync !== 'boolean') throw invalidArgument("'sync' must be true or false", 'sync')
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgument("'signal' must be an AbortSignal", 'signal')
  }
  return { retries, sync, signal }
}

/**
 * Runs `work` in a transaction and commits it. If the commit conflicts, runs it again after a short
 * random wait.
 */
export async function runTransaction<K, V, T>(
  begin: () => Transaction<K, V>,
  work: (tx: Transaction<K, V>) => Promise<T> | T,
  { retries, sync, signal }: CheckedTransactionOptions,
  clock: Clock,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    assertNotAborted(signal)
    const tx = begin()
    const result = await workIn(tx, work)
    try {
      assertNotAborted(signal)
      await tx.commit({ sync })
      return result
    } catch (error) {
      tx.rollback()
      if (!isConflict(error) || attempt >= retries) throw error
    }
    await wait(attempt, clock, signal)
  }
}

/** Like `runTransaction`, but synchronous. */
export function runTransactionSync<K, V, T>(
  tx: Transaction<K, V>,
  work: (tx: Transaction<K, V>) => T,
  sync: boolean,
): T {
  try {
    const result = work(tx)
    if (result instanceof Promise) {
      result.catch(() => {})
      throw invalidArgument('the function of transactionSync must not be async; use transaction')
    }
    tx.commitSync({ sync })
    return result
  } finally {
    tx.rollback()
  }
}

async function workIn<K, V, T>(
  tx: Transaction<K, V>,
  work: (tx: Transaction<K, V>) => Promise<T> | T,
): Promise<T> {
  try {
    return await work(tx)
  } catch (error) {
    tx.rollback()
    throw error
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'CONFLICT'
}

/**
 * Waits for a random time, so that the same transactions do not conflict again. An abort ends the
 * wait.
 */
function wait(attempt: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const mostMs = Math.min(2 ** attempt, maxWaitMs)
  const chance = new Prng(parseInt(clock.uniqueToken().slice(0, 8), 16)).fraction()
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.awaited(mostMs * chance, done)
    signal?.addEventListener('abort', done)
  })
}

function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new VarveError('ABORTED', 'the transaction was aborted by its signal', {
    cause: signal.reason,
  })
}
