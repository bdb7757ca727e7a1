import { isIPv6 } from 'node:net'
import { type FileSystem, VarveError } from 'varve'

/** Options of `inspector`. */
export interface InspectorOptions {
  /**
   * Address to listen on. Anyone who reaches another address than loopback, and knows the URL, sees
   * all data. Default: `'127.0.0.1'`.
   */
  readonly host?: string
  /** Port to listen on; 0 picks a free one. Default: 0. */
  readonly port?: number
  /** Other names under which browsers may reach the server. Default: none. */
  readonly allowedHosts?: readonly string[]
  /** Let the page flush and compact. Default: false. */
  readonly allowWrites?: boolean
  /**
   * The database is open with `readOnly: true`: catch up with its owner before each sample.
   * Default: false.
   */
  readonly follow?: boolean
  /** Milliseconds between samples while a page is open: 100 to 60,000. Default: 500. */
  readonly sampleMs?: number
  /** Keep the process alive until `close`. Default: false. */
  readonly keepAlive?: boolean
  /** Where the files of the database are. Default: the disk. */
  readonly fileSystem?: FileSystem
}

/** Options with every default filled in. */
export type ResolvedInspectorOptions = Required<Omit<InspectorOptions, 'fileSystem'>> &
  Pick<InspectorOptions, 'fileSystem'>

const defaults = {
  host: '127.0.0.1',
  port: 0,
  allowedHosts: [],
  allowWrites: false,
  follow: false,
  sampleMs: 500,
  keepAlive: false,
  fileSystem: undefined,
} satisfies InspectorOptions | { fileSystem: undefined }

/** @throws INVALID_ARGUMENT */
export function resolveInspectorOptions(options: InspectorOptions): ResolvedInspectorOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.keys(defaults).join(', ')
      throw invalid(name, `unknown option of inspector: ${name}; the options are ${known}`)
    }
  }
  const resolved = { ...defaults, ...options } as ResolvedInspectorOptions
  const { host, port, sampleMs, allowedHosts } = resolved
  if (typeof host !== 'string' || host === '') throw invalid('host', 'host must be an address')
  if (!isWithin(port, 0, 65_535)) throw invalid('port', 'port must be a number from 0 to 65,535')
  if (!isWithin(sampleMs, 100, 60_000)) {
    throw invalid('sampleMs', 'sampleMs must be a number from 100 to 60,000')
  }
  if (!Array.isArray(allowedHosts) || allowedHosts.some((name) => typeof name !== 'string')) {
    throw invalid('allowedHosts', 'allowedHosts must be a list of host names')
  }
  return resolved
}

/** A host in the form that a URL requires. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function invalid(option: string, message: string): VarveError {
  return new VarveError('INVALID_ARGUMENT', message, { option })
}
