import { invalidArgument } from '../../base/errors.js'
import type { UserBlockCodec } from '../api.js'

/**
 * Loads the modules that the background thread will load, so that a module that cannot be loaded or
 * exports another codec fails here, with a clear error.
 */
export async function checkCodecModules(codecs: readonly UserBlockCodec[]): Promise<void> {
  for (const { name, id, module } of codecs) {
    if (module === undefined) continue
    const loaded = await load(module, name)
    if (loaded.codec?.id === id && loaded.codec.name === name) continue
    throw invalidArgument(
      `${module} must export the codec '${name}' with id ${id} under the name 'codec'`,
      'codecs',
    )
  }
}

async function load(module: string, name: string): Promise<{ codec?: UserBlockCodec }> {
  try {
    return (await import(/* webpackIgnore: true */ module)) as { codec?: UserBlockCodec }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidArgument(`the module of codec '${name}' cannot be loaded: ${reason}`, 'codecs')
  }
}
