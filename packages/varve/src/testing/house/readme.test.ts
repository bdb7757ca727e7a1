import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const packageRoot = join(root, 'packages/varve')

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  strict: true,
  noUnusedLocals: true,
  noEmitOnError: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
}

const packages = ['varve', 'level', 'keyv', 'unstorage', 'inspector']
const readmes = packages.map((name) => `packages/${name}/README.md`)

for (const page of ['README.md', 'docs/GUIDE.md', 'docs/ERRORS.md', ...readmes]) {
  test(`the example of ${page} compiles and prints the documented output`, () => {
    runExample(exampleOf(readFileSync(join(root, page), 'utf8')))
  })
}

test('the example of packages/keyv/README.md works with Keyv 5 after the documented change', () => {
  const example = exampleOf(readFileSync(join(root, 'packages/keyv/README.md'), 'utf8'))
  runExample(example.replace('users.iterator()', 'users.iterator!(undefined)'), 'keyv5')
})

test('docs/ERRORS.md lists exactly the existing codes', () => {
  const source = readFileSync(join(packageRoot, 'src/base/errors.ts'), 'utf8')
  const type = /type ErrorCode =([\s|'A-Z_]+)/.exec(source)?.[1] ?? ''
  const codes = [...type.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  const page = readFileSync(join(root, 'docs/ERRORS.md'), 'utf8')
  const documented = [...page.matchAll(/^## `(\w+)`$/gm)].map(([, code]) => code)
  assert.ok(codes.includes('CORRUPTION'))
  assert.deepEqual(documented.sort(), codes.sort())
})

/** All TypeScript blocks of a page form one program. */
function exampleOf(text: string): string {
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block]) => block)
  assert.ok(blocks.length > 0, 'the page has a block of TypeScript')
  return blocks.join('')
}

/** Compiles and runs `example`, and compares its output with its comments. */
function runExample(example: string, keyv: 'keyv5' | 'keyv6' = 'keyv6'): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'varve-readme-')))
  try {
    writeProject(folder, example, keyv)
    const program = ts.createProgram([join(folder, 'example.ts')], compilerOptions)
    assert.equal(complaintsOf(program), '')
    program.emit()
    const run = spawnSync(process.execPath, ['example.js'], { cwd: folder, encoding: 'utf8' })
    assert.equal(run.stderr, '')
    assert.deepEqual(run.stdout.trimEnd().split('\n'), promisedOutput(example))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Writes a package that has Varve and its adapters installed, like a user's project. */
function writeProject(folder: string, example: string, keyv: string): void {
  mkdirSync(join(folder, 'node_modules/@varve'), { recursive: true })
  symlinkSync(packageRoot, join(folder, 'node_modules/varve'), 'junction')
  symlinkSync(join(root, 'node_modules', keyv), join(folder, 'node_modules/keyv'), 'junction')
  const installed = packages.filter((one) => one !== 'varve').map((one) => `@varve/${one}`)
  for (const name of [...installed, 'unstorage']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'example.ts'), example)
}

function complaintsOf(program: ts.Program): string {
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  })
}

/** The output documented by the arrows in the comments. */
function promisedOutput(example: string): string[] {
  return [...example.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line)
}
