import type { Lz4 } from './lz4.js'
import { lz4Module } from './lz4-module.js'

/** The part of WebAssembly used here: the types of Node lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** What the module exports; see wasm/lz4.ts. */
interface ModuleExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly maxBytes: { readonly value: number }
  readonly inputAt: { readonly value: number }
  readonly outputAt: { readonly value: number }
  compressFast(inputBytes: number, outputBytes: number): number
  compressWell(inputBytes: number, outputBytes: number): number
  decompress(inputBytes: number, outputBytes: number): number
}

/**
 * LZ4 in WebAssembly. Its memory has a fixed size, so it refuses longer blocks.
 *
 * Owned by: the thread, which shares it among all databases. Lives: as long as the thread.
 * Invariant: the module accesses nothing but its own memory, whatever the input.
 */
export class NativeLz4 implements Lz4 {
  readonly maxBytes: number
  private readonly memory: Buffer
  private readonly inputAt: number
  private readonly outputAt: number

  /** Throws where WebAssembly is switched off, or has no memory left. */
  static load(): NativeLz4 {
    const module = new WebAssembly.Module(Buffer.from(lz4Module, 'base64'))
    return new NativeLz4(new WebAssembly.Instance(module).exports as ModuleExports)
  }

  private constructor(private readonly module: ModuleExports) {
    this.memory = Buffer.from(module.memory.buffer)
    this.maxBytes = module.maxBytes.value
    this.inputAt = module.inputAt.value
    this.outputAt = module.outputAt.value
  }

  compress(
    bytes: Uint8Array,
    maxBytes: number,
    isStrong: boolean,
    headerBytes: number,
  ): Buffer | undefined {
    const { memory, module, outputAt } = this
    memory.set(bytes, this.inputAt)
    const sizeBytes = isStrong
      ? module.compressWell(bytes.length, maxBytes)
      : module.compressFast(bytes.length, maxBytes)
    // The slack after the input holds nothing, so the header has space there.
    return sizeBytes === 0
      ? undefined
      : memory.subarray(outputAt - headerBytes, outputAt + sizeBytes)
  }

  decompress(bytes: Uint8Array, into: Uint8Array): boolean {
    const { memory, module, outputAt } = this
    memory.set(bytes, this.inputAt)
    if (module.decompress(bytes.length, into.length) === 0) return false
    into.set(memory.subarray(outputAt, outputAt + into.length))
    return true
  }
}
