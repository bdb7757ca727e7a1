import { figure } from './figure.mjs'
import { enginesOf, summarize } from './summary.mjs'

export function printRun({ round, group, engine, results }) {
  for (const [workload, { microseconds }] of Object.entries(results)) {
    const name = `${group}: ${workload}`
    console.error(
      `round ${round + 1}  ${engine.padEnd(15)} ${name.padEnd(50)} ${figure(microseconds)}`,
    )
  }
}

/** Microseconds per operation of every engine, medians of the rounds. */
export function printSummary(report) {
  const engines = enginesOf(report)
  const { records, rounds } = report.settings
  console.log(`\nmicroseconds per operation, ${records} records, rounds: ${rounds}, medians\n`)
  const line = (cells) => cells.map((cell) => cell.padStart(16)).join('')
  console.log(line(engines))
  let section = ''
  for (const row of summarize(report)) {
    if (row.section !== section) console.log(`\n${(section = row.section)}`)
    const cells = engines.map((engine) => {
      const cell = row.cells.get(engine)
      return cell === undefined ? '–' : figure(cell.microseconds.median)
    })
    console.log(`${line(cells)}  ${row.workload}`)
  }
}
