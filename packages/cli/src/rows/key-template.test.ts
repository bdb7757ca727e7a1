import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataError, UsageError } from '../exit-code.js'
import { compileKeyTemplate } from './key-template.js'

const city = {
  country: 'IS',
  name: 'Reykjavík',
  population: 118918,
  capital: true,
  loc: { coordinates: [-21.89541, 64.13548] },
  'a.b': 'dotted',
  a: { b: 'nested' },
  nothing: null,
  empty: '',
}

test('fields, text around them, and braces', () => {
  assert.equal(compileKeyTemplate('{country}/{name}')(city), 'IS/Reykjavík')
  assert.equal(compileKeyTemplate('c:{population}:{capital}')(city), 'c:118918:true')
  assert.equal(compileKeyTemplate('{{{country}}}')(city), '{IS}')
  assert.equal(compileKeyTemplate('<{empty}>')(city), '<>')
})

test('a path reaches into objects and arrays; a field of that very name goes first', () => {
  assert.equal(compileKeyTemplate('{loc.coordinates.1}')(city), '64.13548')
  assert.equal(compileKeyTemplate('{a.b}')(city), 'dotted')
  assert.equal(compileKeyTemplate('{a.b}')({ a: { b: 'nested' } }), 'nested')
})

test('a missing field is an error that names it', () => {
  for (const name of ['nope', 'loc.nope', 'name.length', 'constructor', 'a.b.c']) {
    assert.throws(() => compileKeyTemplate(`{${name}}`)(city), {
      name: 'DataError',
      message: new RegExp(`^field '${name}' is missing; the row has country, name, `),
    })
  }
  assert.throws(() => compileKeyTemplate('{nothing}')(city), /field 'nothing' is null/)
  assert.throws(() => compileKeyTemplate('{loc}')(city), DataError)
})

test('a template that cannot work is refused at once', () => {
  for (const template of ['', 'fixed', '{', '{}', 'a}b{name}', '{name', '{a{b}}']) {
    assert.throws(() => compileKeyTemplate(template), UsageError, template)
  }
})
