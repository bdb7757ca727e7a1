/** Longest user key, in bytes. */
export const maxKeyBytes = 64 * 1024

/** Longest value, in bytes (1 GiB). */
export const maxValueBytes = 1024 * 1024 * 1024

/**
 * Largest sequence number: every write gets the next one, and all of them stay exact as a
 * JavaScript number (285 years at a million writes a second).
 */
export const maxSequence = Number.MAX_SAFE_INTEGER
