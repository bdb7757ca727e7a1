import { hexOf, textOf } from '../source/bytes.js'

/** A value as a person reads it. */
export interface ShownValue {
  readonly as: 'JSON' | 'text' | 'hex'
  readonly text: string
}

const maxHexBytes = 4096

/** JSON if it parses to an object or a list, else text if it is printable, else hex. */
export function showValue(bytes: Uint8Array, isWhole: boolean): ShownValue {
  const text = textOf(stripBreaks(bytes))
  if (text === undefined) return { as: 'hex', text: hexLines(bytes) }
  const whole = new TextDecoder().decode(bytes)
  const json = isWhole ? parsed(whole) : undefined
  if (typeof json === 'object' && json !== null) {
    return { as: 'JSON', text: JSON.stringify(json, undefined, 2) }
  }
  return { as: 'text', text: whole }
}

/** Line breaks and tabs are printable in a value. */
function stripBreaks(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => byte !== 9 && byte !== 10 && byte !== 13)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: shown as text.
    return undefined
  }
}

function hexLines(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, maxHexBytes); at += 16) {
    const line = hexOf(bytes.subarray(at, at + 16)).replace(/../g, '$& ')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${line}`)
  }
  if (bytes.length > maxHexBytes) lines.push('…')
  return lines.join('\n')
}
