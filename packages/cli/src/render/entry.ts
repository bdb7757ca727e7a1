import { isUtf8 } from 'node:buffer'
import { DataError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'
import { formatJson, formatLine, type TextEncoding } from '../text/encoding.js'
import { printable, printableJson } from '../text/printable.js'

export interface EntryStyle {
  json: boolean
  keyEncoding: TextEncoding
  encoding: TextEncoding
}

/**
 * Turns entries into lines. One that does not fit the encodings does not end a scan: its bytes are
 * shown in another form, and counted.
 */
export class EntryRenderer {
  /** Keys and values that were not shown in the encoding asked for. */
  misfitCount = 0

  constructor(private readonly style: EntryStyle) {}

  /** `key<tab>value`, or `{"key":…,"value":…}`. */
  entry(key: Uint8Array, value: Uint8Array): string {
    const { json, encoding } = this.style
    if (json) {
      return `{${this.#member('key', key)},${this.#member('value', value)}}`
    }
    const valueText = this.#fitting(() => formatLine(value, encoding, 'the value'))
    return `${this.key(key)}\t${valueText ?? printable(value)}`
  }

  /** The key alone, as text or as `{"key":…}`. */
  keyOnly(key: Uint8Array): string {
    return this.style.json ? `{${this.#member('key', key)}}` : this.key(key)
  }

  key(key: Uint8Array): string {
    return formatLine(key, this.style.keyEncoding, 'the key')
  }

  /** What the output does not show as asked; undefined if it does. */
  get note(): string | undefined {
    if (this.misfitCount === 0) return undefined
    const { json, encoding } = this.style
    const what = encoding === 'json' ? 'JSON' : 'UTF-8 text'
    const shown = json
      ? 'valueText (text), valueHex or keyHex (bytes) hold them'
      : 'they are shown as text'
    return `not ${what}: ${this.misfitCount} of the keys and values; ${shown}`
  }

  /** `"value":…`, or `"valueText":"…"` for text that is not JSON, or `"valueHex":"…"` for bytes. */
  #member(name: 'key' | 'value', bytes: Uint8Array): string {
    const encoding = name === 'key' ? this.style.keyEncoding : this.style.encoding
    const json = this.#fitting(() => formatJson(bytes, encoding, `the ${name}`))
    if (json !== undefined) return `"${name}":${printableJson(json)}`
    if (!isUtf8(bytes)) return `"${name}Hex":"${asBuffer(bytes).toString('hex')}"`
    return `"${name}Text":${printableJson(JSON.stringify(asBuffer(bytes).toString('utf8')))}`
  }

  #fitting(format: () => string): string | undefined {
    try {
      return format()
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      this.misfitCount++
      return undefined
    }
  }
}
