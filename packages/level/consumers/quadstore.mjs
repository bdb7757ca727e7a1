// quadstore (RDF database) on VarveLevel: quads in all orders of its indexes, ranges, streams.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Quadstore } from 'quadstore'
import { DataFactory } from 'rdf-data-factory'
import { VarveLevel } from '../dist/index.js'
import { temporaryFolder } from './folder.mjs'

const backend = new VarveLevel(join(temporaryFolder(), 'quads'))
const dataFactory = new DataFactory()
const { namedNode, literal, quad } = {
  namedNode: (name) => dataFactory.namedNode(`http://example.org/${name}`),
  literal: (value) => dataFactory.literal(value),
  quad: (...terms) => dataFactory.quad(...terms),
}
const store = new Quadstore({ backend, dataFactory })
await store.open()

const quads = []
for (let i = 0; i < 2000; i++) {
  const subject = namedNode(`s${i % 100}`)
  quads.push(quad(subject, namedNode(`p${i % 7}`), literal(`value ${i}`), namedNode(`g${i % 3}`)))
}
await store.multiPut(quads.slice(0, 1500))
for (const one of quads.slice(1500)) await store.put(one)

const count = async (pattern, options) => (await store.get(pattern, options)).items.length
const matching = (pattern) =>
  quads.filter((one) => Object.entries(pattern).every(([part, term]) => one[part].equals(term)))
for (const pattern of [
  {},
  { subject: namedNode('s42') },
  { predicate: namedNode('p3') },
  { object: literal('value 77') },
  { graph: namedNode('g1') },
  { subject: namedNode('s42'), graph: namedNode('g0') },
  { subject: namedNode('nobody') },
]) {
  assert.equal(await count(pattern), matching(pattern).length)
}
assert.equal(await count({}, { limit: 10, reverse: true }), 10)
await store.multiDel(matching({ graph: namedNode('g1') }))
assert.equal(await count({}), quads.length - matching({ graph: namedNode('g1') }).length)
await store.clear()
assert.equal(await count({}), 0)
await store.close()
console.log('ok')
