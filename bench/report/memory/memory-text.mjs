import { figure } from '../figure.mjs'

/** A line for each workload, as soon as a run has ended. */
export function printMemoryRun({ engine, dataset, encoding, times, round, diskBytes, results }) {
  const load = `${dataset} ×${times}, ${encoding}, round ${round + 1}`
  console.log(`${load}: ${engine}, ${figure(diskBytes / 1e6)} MB`)
  for (const [name, { microseconds, diskBytesRead }] of Object.entries(results)) {
    const read = diskBytesRead === undefined ? '' : `${figure(diskBytesRead / 1024)} KiB from disk`
    console.log(`  ${name.padEnd(18)} ${figure(microseconds).padStart(8)} µs  ${read}`)
  }
}
