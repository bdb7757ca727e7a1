/**
 * What a database is used for, as shares of its operations. Policies have the thresholds that they
 * have by default, but for memtables so small that a short run sees a hundred flushes.
 *
 * The operations of a phase are the same for every policy, and come one after the other, as fast as
 * they go. A mix without `load` starts with an empty database, the others with all records,
 * compacted.
 */
export const mixes = {
  'write-only': { load: false, phases: [{ operations: 600_000, put: 1 }] },
  'read-only': { load: true, phases: [{ operations: 2_000_000, get: 1 }] },
  'scan-heavy': { load: true, phases: [{ operations: 400_000, scan: 0.95, put: 0.05 }] },
  mixed: { load: true, phases: [{ operations: 500_000, get: 0.5, put: 0.4, scan: 0.1 }] },
  changing: {
    load: false,
    phases: [
      { operations: 600_000, put: 1 },
      { operations: 900_000, scan: 0.98, put: 0.02 },
    ],
  },
}

export const mixPolicies = ['leveled', 'lazyLeveled', 'sizeTiered', 'adaptive']

export const mixSettings = {
  records: 400_000,
  valueBytes: 100,
  memtableBytes: 256 * 1024,
  tableBytes: 1024 * 1024,
  cacheBytes: 128 * 1024 * 1024,
  entriesPerScan: 10,
  /** Operations of each kind before the clock starts, so that their code is compiled. */
  warmUpOperations: 5000,
  seed: 20260802,
}

/** In words, for tables. */
export function describeMix({ phases }) {
  const kinds = { put: 'writes', get: 'point reads', scan: 'scans' }
  const phaseText = (phase) =>
    Object.entries(kinds)
      .filter(([kind]) => phase[kind] > 0)
      .map(([kind, name]) =>
        phase[kind] === 1 ? name : `${Math.round(100 * phase[kind])}% ${name}`,
      )
      .join(', ')
  return phases
    .map((phase) => `${phase.operations.toLocaleString('en-US')} × ${phaseText(phase)}`)
    .join(', then ')
}
