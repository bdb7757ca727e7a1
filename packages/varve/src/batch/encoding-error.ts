import { asBuffer, copyBytes, printableKey } from '../base/bytes/bytes.js'
import { type ErrorDetails, VarveError } from '../base/errors.js'
import { describe, type Encoding } from './encoding.js'

/**
 * Errors for a key or value that cannot be encoded or decoded. Encodings may throw anything; the
 * callers, which know the key, wrap it here. Errors of the engine keep their code, so that a codec
 * can fail with CLOSED or IO.
 */

type EncodingOptionName = 'keyEncoding' | 'valueEncoding'
type Named = Pick<Encoding<unknown>, 'name'>

/** Wraps an error of `encoding.write`, or of the length check after it, for a key. */
export function keyError(error: unknown, key: unknown, encoding: Named): unknown {
  const what = `cannot encode key ${shownKey(key)}`
  return encodeError(error, what, 'keyEncoding', encoding, { option: 'keyEncoding', key })
}

/** Like `keyError`, for a bound of a range. `name` is its option, such as 'gte'. */
export function boundError(error: unknown, name: string, bound: unknown, encoding: Named): unknown {
  const what = `cannot encode '${name}' ${shownKey(bound)}`
  return encodeError(error, what, 'keyEncoding', encoding, { option: name, key: bound })
}

/** Wraps an error of `encoding.write`, or of the operation's end, for the value of `key`. */
export function valueError(error: unknown, key: unknown, encoding: Named): unknown {
  const what = `cannot write the value of key ${shownKey(key)}`
  return encodeError(error, what, 'valueEncoding', encoding, { option: 'valueEncoding', key })
}

/** Wraps an error of `encoding.read` for the key `bytes[start, end)`. */
export function unreadableKey(
  error: unknown,
  encoding: Named,
  bytes: Uint8Array,
  start: number,
  end: number,
): unknown {
  const key = copyBytes(bytes, start, end)
  return decodeError(error, `key ${shownKey(key)}`, 'keyEncoding', encoding, key)
}

/** Wraps an error of `encoding.read` for the value of the key `bytes[start, end)`. */
export function unreadableValue(
  error: unknown,
  encoding: Named,
  keyEncoding: Encoding<unknown>,
  bytes: Uint8Array,
  start: number,
  end: number,
): unknown {
  const key = readKey(keyEncoding, copyBytes(bytes, start, end))
  return decodeError(error, `the value of key ${shownKey(key)}`, 'valueEncoding', encoding, key)
}

/** Adds the position of the operation or key in `list` to an error. */
export function atIndex(error: unknown, list: 'operations' | 'keys', index: number): unknown {
  return inContext(error, `${list}[${index}]`, { index })
}

function encodeError(
  error: unknown,
  what: string,
  option: EncodingOptionName,
  { name }: Named,
  details: ErrorDetails,
): unknown {
  // A limit or misuse, so another encoding would not help.
  if (error instanceof VarveError) return inContext(error, what, { key: details.key })
  const message =
    `${what} under ${option} '${name}': ${firstLine(error)}; ` +
    `convert it, or choose another ${option} at open`
  return new VarveError('INVALID_ARGUMENT', message, { ...details, cause: error })
}

function decodeError(
  error: unknown,
  what: string,
  option: EncodingOptionName,
  { name }: Named,
  key: unknown,
): unknown {
  if (error instanceof VarveError) return inContext(error, `cannot decode ${what}`, { key })
  const message =
    `cannot decode ${what} under ${option} '${name}': ${firstLine(error)}; it was probably ` +
    `written under another encoding: choose that one at open, or use withEncodings()`
  return new VarveError('INVALID_ARGUMENT', message, { option, key, cause: error })
}

function inContext(error: unknown, where: string, details: ErrorDetails): unknown {
  if (!(error instanceof VarveError) || error.code !== 'INVALID_ARGUMENT') return error
  const { option, key, index, cause = error } = error
  return new VarveError(error.code, `${where}: ${error.message}`, {
    ...(option === undefined ? {} : { option }),
    ...(index === undefined ? {} : { index }),
    ...(key === undefined ? {} : { key }),
    ...details,
    cause,
  })
}

/** The decoded key, or its bytes if they cannot be decoded. */
function readKey(encoding: Encoding<unknown>, bytes: Buffer): unknown {
  try {
    return encoding.read(bytes, 0, bytes.length)
  } catch {
    return bytes
  }
}

const maxShownLength = 40

/** A short form of a key for messages. */
function shownKey(key: unknown): string {
  if (key instanceof Uint8Array) return printableKey(asBuffer(key))
  if (typeof key === 'string' && key.length > maxShownLength) return `${describe(key)}…`
  if (typeof key !== 'object' || key === null) return describe(key)
  return shownJson(key) ?? describe(key)
}

function shownJson(key: object): string | undefined {
  try {
    const json = JSON.stringify(key) as string | undefined
    return json !== undefined && json.length > maxShownLength
      ? `${json.slice(0, maxShownLength)}…`
      : json
  } catch {
    // A cycle or a BigInt.
    return undefined
  }
}

/** The first line of a message. V8 draws a cycle in the others, which `cause` keeps. */
function firstLine(error: unknown): string {
  return error instanceof Error ? error.message.split('\n', 1)[0] : describe(error)
}
