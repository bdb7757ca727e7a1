// What `bin/varve.js` runs.
import { runCommandLine } from './program.js'

process.exitCode = await runCommandLine(process.argv.slice(2), process)
