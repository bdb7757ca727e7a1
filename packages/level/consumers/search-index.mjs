// search-index (full-text search) on VarveLevel under the name of classic-level: an index is built,
// asked, changed, closed, and asked again.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { SearchIndex } from 'search-index'
import { temporaryFolder } from './folder.mjs'

const name = join(temporaryFolder(), 'index')
const colours = ['red', 'green', 'blue', 'ochre', 'teal']
const rocks = ['varve', 'shale', 'slate', 'chalk', 'marl', 'loess', 'tuff']
const documents = Array.from({ length: 300 }, (_, i) => ({
  _id: i,
  text: `${colours[i % 5]} ${rocks[i % 7]} number ${i}`,
  depth: String(i % 10),
}))

const idsOf = ({ RESULT }) => RESULT.map(({ _id }) => _id).sort((a, b) => a - b)
const expected = (wanted) => documents.filter(wanted).map(({ _id }) => _id)

let index = new SearchIndex({ name })
await index.PUT(documents)
const all = { PAGE: { NUMBER: 0, SIZE: 1000 } }
const isTealVarve = ({ text }) => /^teal varve/.test(text)
assert.deepEqual(idsOf(await index.SEARCH(['teal', 'varve'], all)), expected(isTealVarve))
assert.deepEqual(
  idsOf(await index.QUERY({ OR: ['marl', 'tuff'] }, all)),
  expected(({ text }) => /marl|tuff/.test(text)),
)
assert.deepEqual(
  idsOf(await index.QUERY({ NOT: { INCLUDE: 'red', EXCLUDE: 'chalk' } }, all)),
  expected(({ text }) => /red/.test(text) && !/chalk/.test(text)),
)
await index.DELETE(4, 39)
assert.equal(await index.DOCUMENT_COUNT(), 298)
assert.deepEqual(
  idsOf(await index.SEARCH(['teal', 'varve'], all)),
  expected((document) => isTealVarve(document) && document._id !== 39),
)
const exported = await index.EXPORT()
await index.INDEX.STORE.close()

index = new SearchIndex({ name })
assert.deepEqual(await index.EXPORT(), exported)
await index.FLUSH()
assert.equal(await index.DOCUMENT_COUNT(), 0)
await index.IMPORT(exported)
assert.equal(await index.DOCUMENT_COUNT(), 298)
await index.INDEX.STORE.close()
console.log('ok')
