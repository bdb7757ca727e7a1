import type { Contract } from './contract.js'
import { expiryAfter } from './expiry.js'
import { prefixOf } from './namespaces.js'

/**
 * Follows the namespace of keys that come without it (`useKeyPrefix: false`). It keeps them apart
 * from keys with it, and inside the range that `clear` deletes:
 *
 *     users:ada      set('ada') of a Keyv that puts its namespace before its keys
 *     users:\0ada    set('ada') of a Keyv with useKeyPrefix: false
 */
const unprefixedMark = '\0'

/** Keyv 5 puts its namespace before each key and passes a time to live in milliseconds. */
export const keyv5: Contract = {
  storedKey(key, namespaces) {
    const namespace = namespaces.current
    if (!namespaces.areSeveral) {
      if (!namespace || key.startsWith(prefixOf(namespace))) return key
    } else {
      if (namespaces.begin(key)) return key
      namespaces.refuseSeveral(`the key '${key}', which has no namespace`)
    }
    return `${namespace}:${unprefixedMark}${key}`
  },
  keyvKey(storedKey, namespace) {
    const mark = namespace ? prefixOf(namespace) + unprefixedMark : ''
    return mark !== '' && storedKey.startsWith(mark) ? storedKey.slice(mark.length) : storedKey
  },
  expiry: expiryAfter,
  deleted: (found) => found.includes(true),
}
