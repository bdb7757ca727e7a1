import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { fc } from '../../../varve/dist/base/testing/fast-check.js'
import { hasStrayQuote } from './stray-quote.js'

test('a record has a stray quote exactly where a strict parser refuses it', () => {
  const piece = fc.constantFrom('"', '""', ',', 'x', 'é', ' ', '",', ',"', '"\n"')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, hasLineEnd) => {
      const record = pieces.join('')
      // An open quote takes what follows, so it never comes alone; a line break ends the record.
      if ((record.match(/"/g)?.length ?? 0) % 2 === 1 || record === '') return
      if (breaksOutsideQuotes(record)) return
      const bytes = Buffer.from(hasLineEnd ? record + '\r\n' : record)
      assert.equal(hasStrayQuote(bytes, Buffer.from(',')), isRefused(bytes), record)
    }),
    { numRuns: 3000 },
  )
})

function isRefused(record: Buffer): boolean {
  try {
    parse(record, { record_delimiter: ['\r\n'] })
    return false
  } catch {
    return true
  }
}

function breaksOutsideQuotes(record: string): boolean {
  return record.split('"').some((part, index) => index % 2 === 0 && part.includes('\n'))
}
