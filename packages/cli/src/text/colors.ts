import pc from 'picocolors'

/**
 * Colours where a person looks on. Not by picocolors' own rule, which colours pipes under CI, too.
 */
export const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported)
