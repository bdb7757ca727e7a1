import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { Output } from './output.js'

/** A stream that takes a chunk on request, or fails with `code`. */
function slowStream(code?: string) {
  const taken: string[] = []
  let release = () => {}
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      release = () => {
        if (code === undefined) taken.push(chunk.toString())
        done(code === undefined ? null : Object.assign(new Error(code), { code }))
      }
    },
  })
  return { stream, taken, release: () => release() }
}

test('lines are collected, and a full chunk waits for the stream', async () => {
  const { stream, taken, release } = slowStream()
  const output = new Output(stream)
  assert.equal(output.line('short'), undefined)
  let written = false
  const chunk = output.line('x'.repeat(100_000))!.then(() => (written = true))
  await new Promise(setImmediate)
  assert.equal(written, false)
  release()
  await chunk
  assert.equal(taken.join(''), `short\n${'x'.repeat(100_000)}\n`)
})

test('a reader that has left closes the output, quietly', async () => {
  const { stream, release } = slowStream('EPIPE')
  const output = new Output(stream)
  void output.line('a')
  const flushed = output.flush()
  release()
  await flushed
  assert.equal(output.closed, true)
  await output.bytes('dropped')
})

test('any other failure of the stream is one of the command', async () => {
  const { stream, release } = slowStream('ENOSPC')
  const output = new Output(stream)
  void output.line('a')
  const flushed = output.flush()
  release()
  await assert.rejects(flushed, { code: 'ENOSPC' })
})
