import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Inputs that once reached new code in a decoder: one file per decoder, one base64 input per line.
// `npm run fuzz:corpus` adds inputs. Inputs that once caused harm belong here too.

const folder = fileURLToPath(new URL('../../../../testdata/fuzz/', import.meta.url))

export function readCorpus(name: string): Buffer[] {
  const path = `${folder}${name}.txt`
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'latin1').split('\n')
  return lines.slice(0, -1).map((line) => Buffer.from(line, 'base64'))
}

export function writeCorpus(name: string, inputs: readonly Buffer[]): void {
  mkdirSync(folder, { recursive: true })
  const lines = inputs.map((input) => `${input.toString('base64')}\n`)
  writeFileSync(`${folder}${name}.txt`, lines.join(''))
}
