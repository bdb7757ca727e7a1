import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../testing/run-varve.js'

// As much as fits in no process of this size. `VARVE_IMPORT_MIB=4000 node scripts/test.mjs
// import-memory` does it with more than the machine may have.
const inputMiB = Number(process.env['VARVE_IMPORT_MIB'] ?? 48)
const heapMiB = 64
/**
 * What Node takes, three memtables, cache and tables that are being built: none grows with the
 * input.
 */
const maxMiB = 700

const command = fileURLToPath(new URL('../../../bin/varve.js', import.meta.url))
/** Reports the peak memory of the process before it ends. */
const meter = 'process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))'

test('a stream of rows is imported in bounded memory', async (t) => {
  const database = join(temporaryFolder(t), 'data')
  const args = [`--max-old-space-size=${heapMiB}`, '--import', `data:text/javascript,${meter}`]
  const child = spawn(process.execPath, [...args, command, 'import', '--db', database, '--json'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  const closed = once(child, 'close')
  const rows = await feed(child.stdin)
  assert.deepEqual(await closed, [0, null], err)
  assert.equal((JSON.parse(out) as { imported: number }).imported, rows)
  const peakMiB = Number(/peak (\d+)/.exec(err)?.[1]) / 1024
  assert.ok(peakMiB < maxMiB, `${peakMiB} MiB for ${inputMiB} MiB of rows`)
})

/** Rows of a KiB, none of them like another. Returns how many. */
async function feed(stdin: NodeJS.WritableStream): Promise<number> {
  const rows = inputMiB * 1024
  for (let i = 0; i < rows; i += 256) {
    const chunk = Array.from({ length: 256 }, (_, n) => {
      const key = String(i + n).padStart(12, '0')
      return `{"key":"${key}","value":"${key.repeat(82)}"}\n`
    })
    if (!stdin.write(chunk.join(''))) await once(stdin, 'drain')
  }
  stdin.end()
  return rows
}
