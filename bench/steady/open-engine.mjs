import { openEngine } from '../engines/index.mjs'

/**
 * Opens an engine with its default options, and Varve with a policy. `build`: the entry of another
 * build of Varve.
 */
export async function openForSteady({ engine, policy, build }, path) {
  if (!engine.startsWith('varve')) return openEngine(engine, path)
  const { open } = await import(build ?? '../../packages/varve/dist/index.js')
  const db = await open(path, { compaction: policy })
  return {
    put: (key, value) => db.put(key, value),
    get: (key) => db.get(key),
    backup: (folder) => db.backup(folder),
    sample: () => sampleOf(db),
    close: () => db.close(),
  }
}

function sampleOf(db) {
  const { amplification, compactions, stalls } = db.stats()
  return {
    level0: db.levels()[0]?.tables.length ?? 0,
    debtBytes: compactions.debtBytes,
    writeAmplification: amplification.write,
    stalledMs: stalls.timeMs,
    stalls: stalls.byCause,
  }
}
