export { VarveLevel as ClassicLevel } from '../../dist/index.js'
