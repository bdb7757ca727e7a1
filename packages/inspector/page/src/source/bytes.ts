/** The bytes of base64. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/** Bytes for the query of a URL. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Order of keys in the database: unsigned, a prefix before its extensions. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** The text of bytes that are printable UTF-8, else undefined. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return unprintable.test(text) ? undefined : text
  } catch {
    // Not UTF-8: shown as hex.
    return undefined
  }
}

/** Bytes as text if they are printable, else as hex after `0x`; long ones end in `…`. */
export function printable(bytes: Uint8Array, maxLength = 60): string {
  const text = textOf(bytes) ?? `0x${hexOf(bytes)}`
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
}

export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** What `printable` shows as bytes again: `0x` and hex, or text. */
export function parseKey(text: string): Uint8Array {
  const hex = /^0x((?:[0-9a-f]{2})+)$/i.exec(text)?.[1]
  if (hex === undefined) return encoder.encode(text)
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
