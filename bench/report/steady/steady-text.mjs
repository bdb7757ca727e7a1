import { figure } from '../figure.mjs'

const columns = [
  ['engine', 14, ({ engine }) => engine],
  ['policy', 12, ({ policy = '' }) => policy],
  ['backup', 8, ({ backup }) => backup],
  ['writes/s', 10, ({ writesPerSecond }) => figure(writesPerSecond)],
  ['variation', 10, ({ variation }) => variation.toFixed(2)],
  ['idle s', 7, ({ secondsWithoutWrites }) => String(secondsWithoutWrites)],
  ['slowest s', 10, ({ slowestSecond }) => figure(slowestSecond)],
  ['longest ms', 11, ({ longestBatchMs }) => figure(longestBatchMs)],
  ['disk/live', 10, ({ diskPerLiveByte }) => diskPerLiveByte.toFixed(2)],
  ['get p99.9 µs', 13, ({ getP999Us }) => (getP999Us === undefined ? '' : figure(getP999Us))],
]

export function printSteadyHead() {
  console.log(columns.map(([name, width]) => name.padEnd(width)).join(' '))
}

export function printSteadyRun(run) {
  console.log(columns.map(([, width, text]) => text(run).padEnd(width)).join(' '))
}
