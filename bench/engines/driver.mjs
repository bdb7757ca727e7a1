/**
 * What the benchmark needs of an engine. Keys and values are strings, as an application has them.
 *
 * @typedef {object} Driver
 * @property {string} version
 * @property {string} settings  what differs from the engine's defaults, for the report
 * @property {(key: string, value: string) => unknown} put  done when what it returns is awaited
 * @property {(key: string, value: string) => void} [putSync]  only where the engine has it
 * @property {(entries: Entry[]) => unknown} batch  all or nothing
 * @property {(key: string, value: string) => unknown} [putDurable]  awaited: survives power loss
 * @property {(key: string) => unknown} del
 * @property {(key: string) => unknown} get  the value, or undefined; may be a promise
 * @property {(key: string) => string | undefined} [getSync]  only where the engine has it
 * @property {(range: Range, visit: Visit) => unknown} scan  in the fastest way of the engine
 * @property {() => unknown} settle  everything in its final place: flush, compact, checkpoint
 * @property {() => unknown} close
 * @property {boolean} [isConcurrent]  false: writes cannot overlap, so a test of it makes no sense
 *
 * @typedef {{ type: 'put', key: string, value: string }} Entry
 * @typedef {{ gte?: string, limit?: number, reverse?: boolean }} Range
 * @typedef {(key: string, value: string) => void} Visit
 *
 * @typedef {object} OpenOptions
 * @property {boolean} durable  opened for `putDurable`; otherwise nothing is synced per write
 */

/** The same for every engine that has such a setting. */
export const writeBufferBytes = 64 * 1024 * 1024
export const cacheBytes = 64 * 1024 * 1024
export const bloomBitsPerKey = 10

/** Below this a range is fetched as one array, where an engine offers that. */
export const shortRange = 1000
