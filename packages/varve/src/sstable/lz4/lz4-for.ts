import type { Lz4 } from './lz4.js'
import { NativeLz4 } from './native-lz4.js'
import { ScriptLz4 } from './script-lz4.js'

let native: Lz4 | undefined
let script: ScriptLz4 | undefined

/** The fastest implementation for blocks of this length, created on first use. */
export function lz4For(lengthBytes: number): Lz4 {
  native ??= loaded()
  return lengthBytes <= native.maxBytes ? native : (script ??= new ScriptLz4())
}

function loaded(): Lz4 {
  try {
    return NativeLz4.load()
  } catch {
    // No WebAssembly, as with --jitless, or no address space for its memory.
    return (script ??= new ScriptLz4())
  }
}
