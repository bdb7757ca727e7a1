import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Access, type AccessRequest, hostsOf, refusalOf } from './access.js'

const access: Access = {
  token: 'secret',
  hosts: hostsOf('127.0.0.1', 4000, []),
  allowWrites: false,
}

const sound: AccessRequest = {
  method: 'GET',
  path: '/secret/api/read',
  host: '127.0.0.1:4000',
  origin: undefined,
  fetchSite: 'same-origin',
}

test('a request with token and host is admitted', () => {
  assert.equal(refusalOf(sound, access), undefined)
  assert.equal(refusalOf({ ...sound, host: 'LOCALHOST:4000' }, access), undefined)
  assert.equal(refusalOf({ ...sound, host: '[::1]:4000' }, access), undefined)
  assert.equal(refusalOf({ ...sound, fetchSite: undefined }, access), undefined)
  assert.equal(refusalOf({ ...sound, origin: 'http://127.0.0.1:4000' }, access), undefined)
})

const refused: [string, Partial<AccessRequest>, number][] = [
  ['without a token', { path: '/api/read' }, 403],
  ['with a wrong token', { path: '/secreT/api/read' }, 403],
  ['with a longer token', { path: '/secret1/api/read' }, 403],
  ['without a path', { path: '' }, 403],
  ['by a rebound name', { host: 'evil.example:4000' }, 421],
  ['to another port', { host: '127.0.0.1:4001' }, 421],
  ['without a host', { host: undefined }, 421],
  ['of another origin', { origin: 'https://evil.example' }, 403],
  ['of a sandboxed page', { origin: 'null' }, 403],
  ['of another site', { fetchSite: 'cross-site' }, 403],
  ['of another port of this machine', { fetchSite: 'same-site' }, 403],
  ['of another method', { method: 'PUT', origin: 'http://127.0.0.1:4000' }, 405],
  ['that writes', { method: 'POST', origin: 'http://127.0.0.1:4000' }, 403],
]

for (const [name, change, status] of refused) {
  test(`a request ${name} is refused`, () => {
    assert.equal(refusalOf({ ...sound, ...change }, access)?.status, status)
  })
}

test('a write needs allowWrites and an origin', () => {
  const write = { ...sound, method: 'POST' }
  const open = { ...access, allowWrites: true }
  assert.equal(refusalOf(write, open)?.status, 403)
  assert.equal(refusalOf({ ...write, origin: 'http://127.0.0.1:4000' }, open), undefined)
})

test('another address does not admit the names of loopback', () => {
  assert.deepEqual([...hostsOf('10.0.0.7', 80, ['db.local'])], ['10.0.0.7:80', 'db.local:80'])
})
