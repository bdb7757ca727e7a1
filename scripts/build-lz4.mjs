// Compiles packages/varve/wasm/lz4.ts and writes the module as a source of the engine.
// A test compares the result of `compiledModule` with the generated source.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('../', import.meta.url))
const target = 'packages/varve/src/sstable/lz4/lz4-module.ts'

/** Memory for the table, the chains, an input and an output: see wasm/lz4.ts. */
const memoryPages = 38
/** Static data would start after the buffers. The module has none. */
const memoryBase = memoryPages * 65_536 - 1024

export async function compiledModule() {
  const files = new Map()
  const { error, stderr } = await asc.main(
    [
      'packages/varve/wasm/lz4.ts',
      ...['--outFile', 'lz4.wasm', '-O3', '--runtime', 'stub', '--noAssert', '--use', 'abort='],
      ...[
        '--enable',
        'simd',
        '--initialMemory',
        `${memoryPages}`,
        '--maximumMemory',
        `${memoryPages}`,
      ],
      ...['--memoryBase', `${memoryBase}`, '--baseDir', root],
    ],
    { writeFile: (name, contents) => files.set(name, contents) },
  )
  if (error) throw new Error(`asc failed: ${stderr.toString()}`, { cause: error })
  return Buffer.from(files.get('lz4.wasm'))
}

/** The text of the generated source. */
export function sourceOf(module) {
  const lines = module.toString('base64').match(/.{1,88}/g)
  return [
    '// Compiled from packages/varve/wasm/lz4.ts by `npm run build:lz4`. Do not edit.',
    'export const lz4Module =',
    ...lines.map((line, i) => `  '${line}'${i < lines.length - 1 ? ' +' : ''}`),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const module = await compiledModule()
  writeFileSync(`${root}${target}`, sourceOf(module))
  process.stdout.write(`${target}: ${module.length} bytes\n`)
}
