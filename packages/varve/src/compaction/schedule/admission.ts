/**
 * Which jobs the scheduler may start. Flushes always start until it closes. Merges also wait while
 * the user pauses them (`pauseCompaction`) and while a manual compaction pauses them. Pauses nest.
 */
export type Admission =
  | { readonly kind: 'all' }
  | { readonly kind: 'flushes'; readonly heldByUser: boolean; readonly pauses: number }
  | { readonly kind: 'none' }

export const admitAll: Admission = { kind: 'all' }
export const admitNone: Admission = { kind: 'none' }

/** The state after the user holds merges or releases them. */
export function withHold(admission: Admission, heldByUser: boolean): Admission {
  if (admission.kind === 'none') return admission
  return flushesUnless(heldByUser, pausesIn(admission))
}

/** The state after one more pause of merges (+1) or one fewer (−1). */
export function withPauses(admission: Admission, change: 1 | -1): Admission {
  if (admission.kind === 'none') return admission
  return flushesUnless(isHeldByUser(admission), pausesIn(admission) + change)
}

export function isHeldByUser(admission: Admission): boolean {
  return admission.kind === 'flushes' && admission.heldByUser
}

export function pausesIn(admission: Admission): number {
  return admission.kind === 'flushes' ? admission.pauses : 0
}

function flushesUnless(heldByUser: boolean, pauses: number): Admission {
  return heldByUser || pauses > 0 ? { kind: 'flushes', heldByUser, pauses } : admitAll
}
