import type { Contract } from './contract.js'
import { expiryAt } from './expiry.js'
import { prefixOf } from './namespaces.js'

/**
 * Keyv 6 leaves the namespace to the adapter and passes the time at which an entry expires. Keys
 * are stored as Keyv 5 stores them, so both find the same entries.
 */
export const keyv6: Contract = {
  storedKey(key, { current }) {
    return current ? prefixOf(current) + key : key
  },
  keyvKey(storedKey, namespace) {
    return namespace ? storedKey.slice(prefixOf(namespace).length) : storedKey
  },
  expiry: expiryAt,
  deleted: (found) => found,
}

/** Declares to Keyv 6 that the adapter speaks its contract and needs no bridge. */
export const keyv6Capabilities = {
  compatible: true,
  store: 'keyvStorage',
  expires: true,
  methods: {
    get: asyncMethod(),
    getMany: asyncMethod(),
    has: asyncMethod(),
    hasMany: asyncMethod(),
    set: asyncMethod(),
    setMany: asyncMethod(),
    delete: asyncMethod(),
    deleteMany: asyncMethod(),
    clear: asyncMethod(),
    disconnect: asyncMethod(),
    iterator: { exists: true, methodType: 'sync' },
  },
} as const

function asyncMethod() {
  return { exists: true, methodType: 'async' } as const
}
