import { isUtf8 } from 'node:buffer'
import { readLineBytes } from '../terminal/lines.js'
import type { Fields } from './key-template.js'
import type { BadRow, Row } from './row.js'

/** Rows of newline-delimited JSON: one object per line; empty lines are skipped. */
export async function* readNdjson(source: AsyncIterable<Uint8Array>): AsyncGenerator<Row | BadRow> {
  let line = 0
  for await (const raw of readLineBytes(source)) {
    line++
    if (!isUtf8(raw)) {
      yield { line, problem: 'not UTF-8 text' }
      continue
    }
    const json = raw.toString('utf8').trim()
    if (json !== '') yield parseRow(json, line)
  }
}

function parseRow(json: string, line: number): Row | BadRow {
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch (error) {
    const hint = line === 1 ? '; is it CSV? Then add --format csv' : ''
    return { line, problem: `not JSON: ${(error as SyntaxError).message}${hint}` }
  }
  if (Array.isArray(fields)) {
    return { line, problem: "a JSON array instead of an object; jq -c '.[]' gives one per line" }
  }
  if (typeof fields !== 'object' || fields === null) return { line, problem: 'not a JSON object' }
  return { line, fields: fields as Fields, json }
}
