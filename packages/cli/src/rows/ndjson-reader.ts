import { readLines } from '../lines.js'
import type { Fields } from './key-template.js'
import type { BadRow, Row } from './row.js'

/** Rows of newline-delimited JSON: an object a line; empty lines are passed over. */
export async function* readNdjson(source: AsyncIterable<Uint8Array>): AsyncGenerator<Row | BadRow> {
  let line = 0
  for await (const raw of readLines(source)) {
    line++
    const json = (line === 1 && raw.startsWith('\ufeff') ? raw.slice(1) : raw).trim()
    if (json !== '') yield parseRow(json, line)
  }
}

function parseRow(json: string, line: number): Row | BadRow {
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch (error) {
    return { line, problem: `not JSON: ${(error as SyntaxError).message}` }
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return { line, problem: 'not a JSON object' }
  }
  return { line, fields: fields as Fields, json }
}
