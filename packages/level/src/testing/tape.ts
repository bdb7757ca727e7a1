import assert from 'node:assert/strict'
import { test } from 'node:test'

/** What suites that are written for tape ask of it, on Node's own runner. */
export interface TapeTest {
  is(actual: unknown, expected: unknown, message?: string): void
  isNot(actual: unknown, expected: unknown, message?: string): void
  same(actual: unknown, expected: unknown, message?: string): void
  ok(value: unknown, message?: string): void
  throws(body: () => void, check: (error: unknown) => boolean): void
  doesNotThrow(body: () => void): void
  pass(message?: string): void
  fail(reason?: unknown): void
  /** The test fails unless exactly this number of assertions is made. */
  plan(count: number): void
  end(): void
}

type Body = (t: TapeTest) => unknown

/** How many tests have been declared, so that a suite which declares none is noticed. */
export let declaredTests = 0

/**
 * Declares a test. It ends with the promise of its body; without one, with `end` or its last
 * planned assertion.
 */
export function tape(name: string, body: Body): void {
  declaredTests++
  void test(name, () => run(body))
}

async function run(body: Body): Promise<void> {
  let planned: number | undefined
  let count = 0
  let firstFailure: unknown
  let complete: () => void
  const completed = new Promise<void>((resolve) => (complete = resolve))
  const check = (assertion: () => void): void => {
    count++
    try {
      assertion()
    } catch (error) {
      firstFailure ??= error
    }
    if (count === planned) complete()
  }
  const result = body({
    is: (actual, expected, message) => check(() => assert.equal(actual, expected, message)),
    isNot: (actual, expected, message) => check(() => assert.notEqual(actual, expected, message)),
    same: (actual, expected, message) => check(() => assert.deepEqual(actual, expected, message)),
    ok: (value, message) => check(() => assert.ok(value, message)),
    throws: (body, isExpected) => check(() => assert.throws(body, isExpected)),
    doesNotThrow: (body) => check(() => assert.doesNotThrow(body)),
    pass: () => check(() => {}),
    fail: (reason) => check(() => assert.fail(reason instanceof Error ? reason : String(reason))),
    plan(total) {
      planned = total
      if (total === 0) complete()
    },
    end: () => complete(),
  })
  if (result instanceof Promise) await result
  if (!(result instanceof Promise) || planned !== undefined) await completed
  assert.ifError(firstFailure)
  if (planned !== undefined) assert.equal(count, planned, 'assertions made, and planned')
}
