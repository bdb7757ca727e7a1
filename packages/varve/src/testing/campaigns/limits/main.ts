// `npm run limits -- [part of a name]`: runs each limit with its full amount, in a process of its
// own. Takes minutes and some GB of disk. --directory: where to write (default: the system's
// temporary directory).
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { limits } from './limits.js'
import { runLimit } from './run-limit.js'

const { values, positionals } = parseArgs({
  options: { directory: { type: 'string', default: tmpdir() } },
  allowPositionals: true,
})
const [part = ''] = positionals
for (const name of Object.keys(limits)) {
  if (!name.includes(part)) continue
  const startMs = performance.now()
  const { size, peakMiB, maxMiB, problem } = await runLimit(name, 'full', values.directory)
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  const what = problem ?? `holds: ${peakMiB} of ${maxMiB} MiB`
  console.log(`${name}, ${size.toLocaleString('en')}, ${seconds} s: ${what}`)
  if (problem !== undefined) process.exitCode = 1
}
