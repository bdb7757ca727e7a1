// `child.js <limit> <directory> <size>`: runs the limit and reports the memory used, in MiB.
import { limits } from './limits.js'

const [name, directory, size] = process.argv.slice(2)
await limits[name].run(directory, Number(size))
process.send!(Math.round(process.resourceUsage().maxRSS / 1024))
process.disconnect()
