/**
 * Shows a Varve database at work in a browser.
 *
 * @module @varve/inspector
 */
export { inspector, type Inspector } from './inspector.js'
export type { InspectorOptions } from './options.js'
