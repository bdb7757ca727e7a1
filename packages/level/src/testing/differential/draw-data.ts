import type { Random } from '../random.js'
import type { EncodingName } from './operation.js'

export const encodingNames = ['utf8', 'buffer', 'view', 'hex', 'base64', 'json'] as const

/**
 * Few and short, so that operations meet the same keys; with what is difficult about each format.
 */
const texts = [
  ...['', '\0', '\0\0', '\0a', 'a', 'aa', 'ab', 'b', 'ba', '!', '!a', '!a!', '!a!a', '!a"', '~'],
  ...['ä', '\x7f', '\u0080', '\ufffd', '\ufffd\u0001', '\uffff', '😀', '\ud800', '\udc00x'],
]
const bytePool = [0x00, 0x01, 0x21, 0x61, 0x62, 0x80, 0xef, 0xbf, 0xbd, 0xf0, 0xff]
const byteStrings = ['', '00', '0000', 'ff', 'ff01', 'efbfbd', 'efbfbd01', 'f09f', '216121', '61']
const jsonKeys: unknown[] = ['', 'a', 'b', 0, 1, 10, -1, true, [], ['a', 1], {}, { a: 1 }, '\ufffd']
const jsonValues: unknown[] = ['', 'v', 0, 1.5, false, [], [null, 'x'], {}, { deep: { er: [1] } }]

export function drawKey(random: Random, encoding: EncodingName): unknown {
  if (encoding === 'json') return random.pick(jsonKeys)
  return encoding === 'utf8' && random.chance(0.7) ? random.pick(texts) : drawData(random, encoding)
}

export function drawValue(random: Random, encoding: EncodingName): unknown {
  if (encoding === 'json') return random.pick(jsonValues)
  if (random.chance(0.02)) return inEncoding(Buffer.alloc(3000, 'long '), encoding)
  return encoding === 'utf8' ? random.pick(texts) : drawData(random, encoding)
}

function drawData(random: Random, encoding: EncodingName): unknown {
  const bytes = random.chance(0.5)
    ? Buffer.from(random.pick(byteStrings), 'hex')
    : Buffer.from(Array.from({ length: random.below(4) }, () => random.pick(bytePool)))
  return inEncoding(bytes, encoding)
}

function inEncoding(bytes: Buffer, encoding: EncodingName): unknown {
  switch (encoding) {
    case 'buffer':
      return bytes
    case 'view':
      return new Uint8Array(bytes)
    case 'hex':
    case 'base64':
      return bytes.toString(encoding)
    case 'utf8':
    case 'json':
      return bytes.toString('utf8')
  }
}
