import fc from 'fast-check'
import { drawnSeed } from './seed.js'

// All properties of a test file run with one seed, which it prints when it fails.
fc.configureGlobal({ seed: drawnSeed() })

export { fc }
