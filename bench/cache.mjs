// Hit rates of cache policies on traces of block accesses: `npm run bench:cache`. Offline and
// seeded: the same numbers on every machine.

import { policies } from './cache/policies.mjs'
import { traces } from './cache/traces.mjs'

const blocks = 50_000
const count = 1_000_000
const shares = [0.05, 0.2]

console.log(`| trace | cache | ${Object.keys(policies).join(' | ')} |`)
console.log(`| --- | ---: |${' ---: |'.repeat(Object.keys(policies).length)}`)
for (const [name, trace] of Object.entries(traces)) {
  for (const share of shares) {
    const capacity = Math.floor(blocks * share)
    const accesses = Int32Array.from(trace({ blocks, count, capacity }))
    const rates = Object.values(policies).map((Policy) => {
      const policy = new Policy(capacity, blocks)
      let hits = 0
      for (const block of accesses) if (policy.use(block)) hits++
      return `${((100 * hits) / count).toFixed(1)}%`
    })
    console.log(`| ${name} | ${share * 100}% | ${rates.join(' | ')} |`)
  }
}
