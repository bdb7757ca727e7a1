// `child.js <limit> <directory> <size>`: tries it, and tells how much memory that took, in MiB.
import { limits } from './limits.js'

const [name, directory, size] = process.argv.slice(2)
await limits[name].run(directory, Number(size))
process.send!(Math.round(process.resourceUsage().maxRSS / 1024))
process.disconnect()
